import java.io.File;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.pdfbox.preflight.Format;
import org.apache.pdfbox.preflight.PreflightDocument;
import org.apache.pdfbox.preflight.ValidationResult.ValidationError;
import org.apache.pdfbox.preflight.exception.SyntaxValidationException;
import org.apache.pdfbox.preflight.parser.PreflightParser;

/** Judges whether a PDF meets PDF/A-1b (ISO 19005-1), with PDFBox Preflight. */
final class ArchiveJudge {
  private ArchiveJudge() {}

  /** Every breach of the standard, by the number that Preflight gives it; nothing when there is none. */
  static String judge(String path) {
    try {
      PreflightParser parser = new PreflightParser(new File(path));
      parser.parse(Format.PDF_A1B);
      try (PreflightDocument document = parser.getPreflightDocument()) {
        document.validate();
        return words(document.getResult().getErrorsList());
      }
    } catch (SyntaxValidationException problem) {
      return words(problem.getResult().getErrorsList());
    } catch (Exception problem) {
      return "unreadable: " + Judge.words(problem);
    }
  }

  private static String words(List<ValidationError> errors) {
    return errors.stream().map(error -> error.getErrorCode() + " " + error.getDetails().replaceAll("\\s+", " ")).collect(Collectors.joining("\t"));
  }
}
