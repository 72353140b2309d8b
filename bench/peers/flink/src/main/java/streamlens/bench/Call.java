package streamlens.bench;

import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.StringValue;

/** A request with its response, on its way to the window of its series. */
record Call(String series, long timestampMs, long promptTokens, long completionTokens, double latencyMs, boolean isError) {
  static final TypeInformation<Call> TYPE = new BinaryType<>(Call.class, new Binary());

  static Call of(Request request, Response response) {
    return new Call(request.series(), request.timestampMs(), request.promptTokens(), response.completionTokens(),
        response.latencyMs(), response.isError());
  }

  static final class Binary extends BinaryType.Serializer<Call> {
    Binary() {
      super(true);
    }

    @Override
    public void serialize(Call call, DataOutputView to) throws IOException {
      StringValue.writeString(call.series, to);
      to.writeLong(call.timestampMs);
      to.writeLong(call.promptTokens);
      to.writeLong(call.completionTokens);
      to.writeDouble(call.latencyMs);
      to.writeBoolean(call.isError);
    }

    @Override
    public Call deserialize(DataInputView from) throws IOException {
      String series = StringValue.readString(from);
      return new Call(series, from.readLong(), from.readLong(), from.readLong(), from.readDouble(), from.readBoolean());
    }

    @Override
    public TypeSerializerSnapshot<Call> snapshotConfiguration() {
      return new Version1();
    }
  }

  public static final class Version1 extends BinaryType.Snapshot<Call> {
    public Version1() {
      super(Binary::new);
    }
  }
}
