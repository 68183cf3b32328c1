import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.Set;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * Judges signed PDFs with PDFBox and Bouncy Castle. The first argument is the root that is trusted, as PEM; each line of standard input is a task
 * ("signatures PATH" or "archive PATH"), each line of standard output its answer: findings that are separated by tabs.
 */
public final class Judge {
  private Judge() {}

  public static void main(String[] arguments) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    SignatureJudge signatures = new SignatureJudge(anchors(arguments[0]));
    BufferedReader tasks = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String task = tasks.readLine(); task != null; task = tasks.readLine()) {
      String path = task.substring(task.indexOf(' ') + 1);
      out.println(task.startsWith("archive ") ? ArchiveJudge.judge(path) : signatures.judge(path));
    }
  }

  private static Set<TrustAnchor> anchors(String path) throws Exception {
    try (InputStream in = new FileInputStream(path)) {
      X509Certificate root = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
      return Set.of(new TrustAnchor(root, null));
    }
  }

  /** One line, without tabs, of what went wrong. */
  static String words(Throwable problem) {
    return String.valueOf(problem).replaceAll("\\s+", " ");
  }

  static byte[] read(String path) throws IOException {
    try (InputStream in = new FileInputStream(path)) {
      return in.readAllBytes();
    }
  }
}
