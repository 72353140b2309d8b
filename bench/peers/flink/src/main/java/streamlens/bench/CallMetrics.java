package streamlens.bench;

import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.co.ProcessJoinFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Joins llm.requests and llm.responses by request_id within 15 minutes of log time, adds the calls up per series and
 * minute of the request's time, and writes each changed window to <application id>.metrics, in the transaction of the
 * checkpoint.
 *
 * Arguments: bootstrap servers, state (rocksdb | hashmap), ms between checkpoints, directory, application id,
 * join (interval | once).
 */
public final class CallMetrics {
  private static final Duration JOIN = Duration.ofMinutes(15);
  private static final Duration LATENESS = Duration.ofHours(24);

  public static void main(String[] arguments) throws Exception {
    String bootstrap = arguments[0];
    String application = arguments[4];
    StreamExecutionEnvironment flink = StreamExecutionEnvironment.getExecutionEnvironment(settings(arguments));
    flink.setParallelism(2);

    DataStream<Request> requests = from(flink, bootstrap, "llm.requests", Request.TYPE, Request::parse);
    DataStream<Response> responses = from(flink, bootstrap, "llm.responses", Response.TYPE, Response::parse);
    calls(requests.keyBy(Request::id), responses.keyBy(Response::id), arguments[5])
        // The window of a call is that of its request's own time.
        .assignTimestampsAndWatermarks(WatermarkStrategy.<Call>forBoundedOutOfOrderness(JOIN)
            .withTimestampAssigner((call, loggedAtMs) -> call.timestampMs()))
        .keyBy(Call::series)
        .window(TumblingEventTimeWindows.of(Duration.ofMinutes(1)))
        .allowedLateness(LATENESS)
        .trigger(new EverySecond())
        .aggregate(new Tally.Sum(), new Show(), Tally.TYPE, Tally.TYPE, Row.TYPE)
        .sinkTo(into(bootstrap, application));
    flink.execute(application);
  }

  private static DataStream<Call> calls(KeyedStream<Request, String> requests, KeyedStream<Response, String> responses,
      String join) {
    return join.equals("once")
        ? requests.connect(responses).process(new JoinOnce(JOIN), Call.TYPE)
        : requests.intervalJoin(responses).between(JOIN.negated(), JOIN).process(new Join(), Call.TYPE);
  }

  private static Configuration settings(String[] arguments) {
    Configuration settings = new Configuration();
    settings.set(PipelineOptions.OBJECT_REUSE, true);
    settings.set(PipelineOptions.GENERIC_TYPES, false);
    settings.set(StateBackendOptions.STATE_BACKEND, arguments[1]);
    settings.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
    settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + arguments[3] + "/checkpoints");
    settings.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(Long.parseLong(arguments[2])));
    settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(512));
    settings.set(TaskManagerOptions.NUM_TASK_SLOTS, 2);
    return settings;
  }

  interface Parse<T> extends Serializable {
    T parse(String id, long loggedAtMs, byte[] value) throws IOException;
  }

  /** Time is the log's, and a partition's may lie a little out of order. */
  private static <T> DataStream<T> from(StreamExecutionEnvironment flink, String bootstrap, String topic,
      TypeInformation<T> type, Parse<T> parse) {
    KafkaSource<T> source = KafkaSource.<T>builder()
        .setBootstrapServers(bootstrap)
        .setTopics(topic)
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setDeserializer(new Deserializer<>(type, parse))
        .setProperty("max.poll.records", "5000")
        .setProperty("commit.offsets.on.checkpoint", "false")
        .build();
    return flink.fromSource(source, WatermarkStrategy.forBoundedOutOfOrderness(Duration.ofMinutes(1)), topic, type);
  }

  private record Deserializer<T>(TypeInformation<T> type, Parse<T> parse) implements KafkaRecordDeserializationSchema<T> {
    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<T> out) throws IOException {
      String id = new String(record.key(), StandardCharsets.ISO_8859_1);
      out.collect(parse.parse(id, record.timestamp(), record.value()));
    }

    @Override
    public TypeInformation<T> getProducedType() {
      return type;
    }
  }

  private static KafkaSink<Tuple2<String, byte[]>> into(String bootstrap, String application) {
    String topic = application + ".metrics";
    return KafkaSink.<Tuple2<String, byte[]>>builder()
        .setBootstrapServers(bootstrap)
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(application)
        .setProperty("transaction.timeout.ms", "600000")
        .setProperty("linger.ms", "50")
        .setProperty("batch.size", "262144")
        .setProperty("compression.type", "lz4")
        .setRecordSerializer((row, context, timestamp) ->
            new ProducerRecord<>(topic, row.f0.getBytes(StandardCharsets.UTF_8), row.f1))
        .build();
  }

  private static final class Join extends ProcessJoinFunction<Request, Response, Call> {
    @Override
    public void processElement(Request request, Response response, Context context, Collector<Call> out) {
      out.collect(Call.of(request, response));
    }
  }

  /** Key and value of a record of the output. */
  private static final class Row {
    static final TypeInformation<Tuple2<String, byte[]>> TYPE =
        Types.TUPLE(Types.STRING, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
  }

  private static final class Show extends ProcessWindowFunction<Tally, Tuple2<String, byte[]>, String, TimeWindow> {
    @Override
    public void process(String series, Context context, Iterable<Tally> tallies, Collector<Tuple2<String, byte[]>> out) {
      byte[] json = tallies.iterator().next().toJson();
      out.collect(Tuple2.of(series + '|' + context.window().getStart(), json));
    }
  }
}
