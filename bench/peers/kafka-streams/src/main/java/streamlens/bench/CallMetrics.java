package streamlens.bench;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.DslStoreSuppliers;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Joins llm.requests and llm.responses by request_id within 15 minutes of log time, adds the calls up per series and
 * minute of the request's time, and writes each changed window to <application id>.metrics.
 *
 * Arguments: bootstrap servers, guarantee (exactly_once_v2 | at_least_once), store (rocksdb | memory), state directory,
 * application id.
 */
public final class CallMetrics {
  private static final Duration JOIN = Duration.ofMinutes(15);
  private static final int MIB = 1024 * 1024;

  public static void main(String[] arguments) throws InterruptedException {
    Properties settings = settings(arguments);
    boolean inMemory = arguments[2].equals("memory");
    KafkaStreams streams = new KafkaStreams(topology(inMemory, settings), settings);
    CountDownLatch ended = new CountDownLatch(1);
    streams.setUncaughtExceptionHandler(error -> {
      error.printStackTrace();
      System.exit(1);
      return null;
    });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      streams.close(Duration.ofSeconds(10));
      ended.countDown();
    }));
    streams.start();
    ended.await();
  }

  private static Properties settings(String[] arguments) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, arguments[1]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[3]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[4]);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
    // Rows within a second, as StreamLens promises; the default for exactly once is 100 ms and costs more.
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 * MIB);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 50);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 * 1024);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    return settings;
  }

  private static Topology topology(boolean inMemory, Properties settings) {
    DslStoreSuppliers stores = inMemory ? BuiltInDslStoreSuppliers.IN_MEMORY : BuiltInDslStoreSuppliers.ROCKS_DB;
    Serde<String> text = Serdes.String();
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, Request> requests =
        builder.stream("llm.requests", Consumed.with(text, readOnly(Request.FROM_JSON)));
    KStream<String, Response> responses =
        builder.stream("llm.responses", Consumed.with(text, readOnly(Response.FROM_JSON)));
    requests
        .join(responses, Call::of, JoinWindows.ofTimeDifferenceWithNoGrace(JOIN),
            StreamJoined.with(text, Request.BINARY, Response.BINARY).withDslStoreSuppliers(stores))
        .process(AtRequestTime::new)
        .groupByKey(Grouped.with("calls", text, Call.BINARY))
        .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(1), Duration.ofHours(24)))
        .aggregate(Tally::new, (series, call, tally) -> tally.add(call),
            Materialized.<String, Tally, WindowStore<Bytes, byte[]>>as(stores).withKeySerde(text).withValueSerde(Tally.BINARY)
                .withRetention(Duration.ofHours(25)))
        .toStream((window, tally) -> window.key() + '|' + window.window().start())
        .mapValues(Tally::toJson)
        .to(settings.get(StreamsConfig.APPLICATION_ID_CONFIG) + ".metrics", Produced.with(text, Serdes.ByteArray()));
    return builder.build(settings);
  }

  private static <T> Serde<T> readOnly(org.apache.kafka.common.serialization.Deserializer<T> deserializer) {
    return Serdes.serdeFrom((topic, value) -> {
      throw new UnsupportedOperationException("only read: " + new String(topic.getBytes(StandardCharsets.UTF_8)));
    }, deserializer);
  }

  /** The window of a call is that of its request's own time, under the key of its series. */
  private static final class AtRequestTime implements Processor<String, Call, String, Call> {
    private ProcessorContext<String, Call> context;

    @Override
    public void init(ProcessorContext<String, Call> context) {
      this.context = context;
    }

    @Override
    public void process(Record<String, Call> record) {
      Call call = record.value();
      context.forward(record.withKey(call.series()).withTimestamp(call.timestampMs()));
    }
  }
}
