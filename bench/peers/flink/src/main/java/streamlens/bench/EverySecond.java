package streamlens.bench;

import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.windowing.triggers.Trigger;
import org.apache.flink.streaming.api.windowing.triggers.TriggerResult;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;

/** Shows a window that has changed at the end of the second; Flink's own trigger shows those too that have not. */
final class EverySecond extends Trigger<Call, TimeWindow> {
  private static final long SECOND_MS = 1000;
  private static final ValueStateDescriptor<Boolean> HAS_CHANGED = new ValueStateDescriptor<>("has-changed", Types.BOOLEAN);

  @Override
  public TriggerResult onElement(Call call, long timestamp, TimeWindow window, TriggerContext context) throws Exception {
    ValueState<Boolean> hasChanged = context.getPartitionedState(HAS_CHANGED);
    if (hasChanged.value() == null) {
      hasChanged.update(true);
      long now = context.getCurrentProcessingTime();
      context.registerProcessingTimeTimer(now - now % SECOND_MS + SECOND_MS);
    }
    return TriggerResult.CONTINUE;
  }

  @Override
  public TriggerResult onProcessingTime(long time, TimeWindow window, TriggerContext context) throws Exception {
    context.getPartitionedState(HAS_CHANGED).clear();
    return TriggerResult.FIRE;
  }

  @Override
  public TriggerResult onEventTime(long time, TimeWindow window, TriggerContext context) {
    return TriggerResult.CONTINUE;
  }

  @Override
  public void clear(TimeWindow window, TriggerContext context) throws Exception {
    context.getPartitionedState(HAS_CHANGED).clear();
  }
}
