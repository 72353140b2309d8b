export interface ServerEvent {
  /** Where to resume. */
  readonly id: string | null;
  readonly type: string;
  readonly data: string;
}

/** Cuts the text of a `text/event-stream` into events, whatever pieces it arrives in. Comments are left out. */
export class EventStreamParser {
  #rest = '';

  /** Returns the events that end in this piece. */
  push(piece: string): ServerEvent[] {
    const text = this.#rest + piece.replaceAll('\r\n', '\n');
    const blocks = text.split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => {
      const event = parseBlock(block);
      return event === null ? [] : [event];
    });
  }
}

function parseBlock(block: string): ServerEvent | null {
  let id: string | null = null;
  let type = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colonAt = line.indexOf(':');
    const field = colonAt < 0 ? line : line.slice(0, colonAt);
    const value = colonAt < 0 ? '' : line.slice(colonAt + 1).replace(/^ /, '');
    if (field === 'id') id = value;
    else if (field === 'event') type = value;
    else if (field === 'data') data.push(value);
  }
  return data.length === 0 ? null : { id, type, data: data.join('\n') };
}
