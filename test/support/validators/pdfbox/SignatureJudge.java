import java.io.ByteArrayInputStream;
import java.io.File;
import java.security.MessageDigest;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.util.Selector;

/** Judges every signature of a PDF: its place in the file, its mathematics, its certificate, and whether anything stands behind it. */
final class SignatureJudge {
  private static final class Refused extends Exception {
    Refused(String words) {
      super(words);
    }
  }

  private final Set<TrustAnchor> anchors;

  SignatureJudge(Set<TrustAnchor> anchors) {
    this.anchors = anchors;
  }

  /** One finding per signature, in the order of the fields: "valid whole", "valid part", or "refused: ..."; one "unreadable: ..." for no PDF. */
  String judge(String path) {
    try (PDDocument document = PDDocument.load(new File(path))) {
      byte[] file = Judge.read(path);
      List<String> findings = new ArrayList<>();
      for (PDSignature signature : document.getSignatureDictionaries()) findings.add(judge(signature, file));
      return String.join("\t", findings);
    } catch (Exception | StackOverflowError problem) {
      return "unreadable: " + Judge.words(problem);
    }
  }

  private String judge(PDSignature signature, byte[] file) {
    try {
      int end = checkPlace(signature, file);
      checkSignature(signature, file);
      return end == file.length ? "valid whole" : "valid part";
    } catch (Exception problem) {
      return "refused: " + Judge.words(problem);
    }
  }

  /** The range must begin at the first byte and leave out the hex digits of this signature alone. Gives its end. */
  private static int checkPlace(PDSignature signature, byte[] file) throws Exception {
    int[] range = signature.getByteRange();
    if (range == null || range.length != 4) throw new Refused("no byte range");
    long end = (long) range[2] + range[3];
    if (range[0] != 0 || range[1] <= 0 || range[2] <= range[1] || range[3] <= 0 || end > file.length) throw new Refused("strange byte range");
    if (file[range[1]] != '<' || file[range[2] - 1] != '>') throw new Refused("the gap is not the signature");
    byte[] contents = signature.getContents();
    if (range[2] - range[1] - 2 != contents.length * 2) throw new Refused("the gap is not as long as the signature");
    for (int at = 0; at < contents.length; at++) {
      int value = Character.digit(file[range[1] + 1 + 2 * at], 16) * 16 + Character.digit(file[range[1] + 2 + 2 * at], 16);
      if ((byte) value != contents[at]) throw new Refused("the gap holds something else than the signature");
    }
    return (int) end;
  }

  private void checkSignature(PDSignature signature, byte[] file) throws Exception {
    CMSSignedData cms = new CMSSignedData(new CMSProcessableByteArray(signature.getSignedContent(file)), signature.getContents());
    if (cms.getSignerInfos().size() != 1) throw new Refused("not one signer");
    SignerInformation signer = cms.getSignerInfos().iterator().next();
    @SuppressWarnings("unchecked")
    Selector<X509CertificateHolder> sid = signer.getSID();
    X509CertificateHolder holder = cms.getCertificates().getMatches(sid).stream().findFirst().orElse(null);
    if (holder == null) throw new Refused("the certificate of the signer is missing");
    if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(holder))) throw new Refused("the signature does not hold");
    if ("ETSI.CAdES.detached".equals(signature.getSubFilter())) checkPades(signer, holder);
    List<X509Certificate> others = new ArrayList<>();
    for (X509CertificateHolder other : cms.getCertificates().getMatches(null)) others.add(certificate(other));
    X509CertSelector target = new X509CertSelector();
    target.setCertificate(certificate(holder));
    PKIXBuilderParameters path = new PKIXBuilderParameters(anchors, target);
    path.setRevocationEnabled(false);
    path.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(others)));
    CertPathBuilder.getInstance("PKIX").build(path);
  }

  /** ETSI EN 319 142-1 section 6.3: the certificate is signed too, and the time stands in the PDF and not in the signature. */
  private static void checkPades(SignerInformation signer, X509CertificateHolder holder) throws Exception {
    Attribute attribute = signer.getSignedAttributes().get(PKCSObjectIdentifiers.id_aa_signingCertificateV2);
    if (attribute == null) throw new Refused("signing-certificate-v2 is missing");
    ESSCertIDv2 named = SigningCertificateV2.getInstance(attribute.getAttributeValues()[0]).getCerts()[0];
    MessageDigest digest = MessageDigest.getInstance(named.getHashAlgorithm().getAlgorithm().getId(), "BC");
    if (!Arrays.equals(digest.digest(holder.getEncoded()), named.getCertHash())) throw new Refused("made with another certificate");
    if (signer.getSignedAttributes().get(PKCSObjectIdentifiers.pkcs_9_at_signingTime) != null) throw new Refused("signing-time is there");
  }

  private static X509Certificate certificate(X509CertificateHolder holder) throws Exception {
    return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(holder.getEncoded()));
  }
}
