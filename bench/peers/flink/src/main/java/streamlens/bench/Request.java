package streamlens.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.Instant;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.StringValue;

/** What the join keeps of a request: parsed once with Jackson's streaming parser, then a few bytes. */
record Request(String id, long loggedAtMs, String series, long timestampMs, long promptTokens) {
  private static final JsonFactory JSON = new JsonFactory();

  static final TypeInformation<Request> TYPE = new BinaryType<>(Request.class, new Binary());

  static Request parse(String id, long loggedAtMs, byte[] bytes) throws IOException {
    String tenant = "";
    String route = "";
    String model = "";
    long timestampMs = 0;
    long promptTokens = 0;
    try (JsonParser parser = JSON.createParser(bytes)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        switch (name) {
          case "tenant_id" -> tenant = parser.getText();
          case "route" -> route = parser.getText();
          case "model" -> model = parser.getText();
          case "timestamp" -> timestampMs = Instant.parse(parser.getText()).toEpochMilli();
          case "prompt_tokens" -> promptTokens = parser.getLongValue();
          default -> parser.skipChildren();
        }
      }
    }
    return new Request(id, loggedAtMs, tenant + '|' + route + '|' + model, timestampMs, promptTokens);
  }

  static final class Binary extends BinaryType.Serializer<Request> {
    Binary() {
      super(true);
    }

    @Override
    public void serialize(Request request, DataOutputView to) throws IOException {
      StringValue.writeString(request.id, to);
      to.writeLong(request.loggedAtMs);
      StringValue.writeString(request.series, to);
      to.writeLong(request.timestampMs);
      to.writeLong(request.promptTokens);
    }

    @Override
    public Request deserialize(DataInputView from) throws IOException {
      String id = StringValue.readString(from);
      return new Request(id, from.readLong(), StringValue.readString(from), from.readLong(), from.readLong());
    }

    @Override
    public TypeSerializerSnapshot<Request> snapshotConfiguration() {
      return new Version1();
    }
  }

  public static final class Version1 extends BinaryType.Snapshot<Request> {
    public Version1() {
      super(Binary::new);
    }
  }
}
