package streamlens.bench;

import java.time.Duration;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Joins a request with its one response, and keeps only the half that waits. An interval join keeps both for the whole
 * interval, since others may match them too.
 */
final class JoinOnce extends KeyedCoProcessFunction<String, Request, Response, Call> {
  private final long waitMs;
  private transient ValueState<Request> request;
  private transient ValueState<Response> response;

  JoinOnce(Duration wait) {
    this.waitMs = wait.toMillis();
  }

  @Override
  public void open(OpenContext context) {
    request = getRuntimeContext().getState(new ValueStateDescriptor<>("request", Request.TYPE));
    response = getRuntimeContext().getState(new ValueStateDescriptor<>("response", Response.TYPE));
  }

  @Override
  public void processElement1(Request came, Context context, Collector<Call> out) throws Exception {
    Response waiting = response.value();
    if (waiting == null) {
      request.update(came);
      context.timerService().registerEventTimeTimer(giveUpAt(came.loggedAtMs()));
    } else {
      response.clear();
      context.timerService().deleteEventTimeTimer(giveUpAt(waiting.loggedAtMs()));
      out.collect(Call.of(came, waiting));
    }
  }

  @Override
  public void processElement2(Response came, Context context, Collector<Call> out) throws Exception {
    Request waiting = request.value();
    if (waiting == null) {
      response.update(came);
      context.timerService().registerEventTimeTimer(giveUpAt(came.loggedAtMs()));
    } else {
      request.clear();
      context.timerService().deleteEventTimeTimer(giveUpAt(waiting.loggedAtMs()));
      out.collect(Call.of(waiting, came));
    }
  }

  @Override
  public void onTimer(long time, OnTimerContext context, Collector<Call> out) {
    request.clear();
    response.clear();
  }

  private long giveUpAt(long loggedAtMs) {
    return loggedAtMs + waitMs;
  }
}
