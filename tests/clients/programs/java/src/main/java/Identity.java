import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * Asks STS who we are, once for each line of standard input; every answer is one line of JSON.
 *
 * <p>Provider and client are made once and kept, as in a program that runs for long.
 */
public final class Identity {
  public static void main(String[] arguments) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    if (!arguments[0].isEmpty()) {
      System.setProperty("aws.profile", arguments[0]);
    }
    StsClient sts = null;
    while (lines.readLine() != null) {
      try {
        if (sts == null) {
          sts =
              StsClient.builder()
                  .credentialsProvider(DefaultCredentialsProvider.builder().build())
                  .httpClient(UrlConnectionHttpClient.create())
                  .build();
        }
        System.out.println("{\"account\": " + quoted(sts.getCallerIdentity().account()) + "}");
      } catch (RuntimeException failed) {
        String name = quoted(failed.getClass().getSimpleName());
        System.out.println("{\"error\": " + name + ", \"message\": " + quoted(failed.getMessage()) + "}");
      }
      System.out.flush();
    }
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char one : String.valueOf(text).toCharArray()) {
      out.append(one == '"' || one == '\\' || one < ' ' ? String.format("\\u%04x", (int) one) : one);
    }
    return out.append('"').toString();
  }
}
