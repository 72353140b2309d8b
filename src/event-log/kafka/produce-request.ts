import { type Connection, createAPI, produceV7, protocolErrorsCodesById, Writer } from '@platformatic/kafka';

/** One encoded batch and where it goes. */
export interface ProducePart {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

/** How long the leader may wait for its followers. */
const PRODUCE_MS_MAX = 5_000;
const ALL_REPLICAS = -1;

/**
 * Sends batches to one leader. Gives the Kafka error's name for each, in their order, null where the batch is durable.
 * Rejects with the library's errors where there is no answer: then nothing is known.
 */
export async function produceTo(
  connection: Connection,
  parts: readonly ProducePart[],
): Promise<readonly (string | null)[]> {
  const response = await rawProduceV7.async(connection, parts).catch(responseOf);
  const codes = new Map<string, number>();
  for (const { name, partitionResponses } of response.responses) {
    for (const { index, errorCode } of partitionResponses) codes.set(`${name}/${index}`, errorCode);
  }
  return parts.map(({ topic, partition }) => {
    const code = codes.get(`${topic}/${partition}`) ?? UNKNOWN_SERVER_ERROR;
    return code === 0 ? null : (protocolErrorsCodesById[code] ?? 'UNKNOWN_SERVER_ERROR');
  });
}

const UNKNOWN_SERVER_ERROR = -1;

/** Version 7 (Kafka 2.1): the first that takes zstd and the last that Redpanda speaks; Kafka 4.x speaks 3 to 13. */
const rawProduceV7 = createAPI<[readonly ProducePart[]], ProduceResponse>(
  0,
  7,
  createRequest,
  produceV7.parseResponse,
  false,
  false,
);

type ProduceResponse = ReturnType<typeof produceV7.parseResponse>;

function createRequest(parts: readonly ProducePart[]): Writer {
  const topics = [...Map.groupBy(parts, (part) => part.topic)];
  return Writer.create()
    .appendString(null, false)
    .appendInt16(ALL_REPLICAS)
    .appendInt32(PRODUCE_MS_MAX)
    .appendArray(
      topics,
      (writer, [topic, batches]) =>
        writer
          .appendString(topic, false)
          .appendArray(
            batches,
            (each, { partition, bytes }) => each.appendInt32(partition).appendInt32(bytes.length).append(bytes),
            false,
            false,
          ),
      false,
      false,
    );
}

/** The library throws the whole answer when one partition has an error. */
function responseOf(error: unknown): ProduceResponse {
  const { response } = error as { response?: ProduceResponse };
  if (response?.responses === undefined) throw error;
  return response;
}
