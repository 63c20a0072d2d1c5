// Writes OTLP requests for traces as protobuf: for tests that send millions of spans.
const utf8 = new TextEncoder();

function varint(value) {
  const bytes = [];
  if (typeof value === 'number' && value < 2 ** 31) {
    for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
    return Buffer.from([...bytes, value]);
  }
  let left = BigInt(value);
  do {
    const low = Number(left & 127n);
    left >>= 7n;
    bytes.push(left > 0n ? low | 128 : low);
  } while (left > 0n);
  return Buffer.from(bytes);
}
const bytesOf = (value) => (typeof value === 'string' ? utf8.encode(value) : value);
export function field(number, value) {
  const content = bytesOf(value);
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}
const number = (at, value) => Buffer.concat([varint(at << 3), varint(value)]);
function fixed(at, value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return Buffer.concat([varint((at << 3) | 1), bytes]);
}
const attribute = (at, [key, value]) => field(at, Buffer.concat([field(1, key), field(2, field(1, value))]));

/** {traceId, spanId, parentSpanId} in hex, {start, end} in nanoseconds, {name, attributes, error}. */
export function span({traceId, spanId, parentSpanId = '', name, start, end, attributes = {}, error = false}) {
  return field(
    2,
    Buffer.concat([
      field(1, Buffer.from(traceId, 'hex')),
      field(2, Buffer.from(spanId, 'hex')),
      field(4, Buffer.from(parentSpanId, 'hex')),
      field(5, name),
      number(6, 2),
      fixed(7, start),
      fixed(8, end),
      ...Object.entries(attributes).map((one) => attribute(9, one)),
      ...(error ? [field(15, number(3, 2))] : []),
    ]),
  );
}

/**
 * The bytes of `count` spans like `one`, which holds marks such as "@@@@@@@": in the span `i` each mark of `marks` is
 * replaced by its function's number, in as many digits. A million of them take a second, ten times less than span().
 */
export function numberedSpans(count, one, marks) {
  const single = span(one);
  const places = Object.entries(marks).map(([mark, numberOf]) => {
    const at = single.indexOf(mark);
    if (at < 0) throw new Error(`the span has no ${mark}`);
    return {at, size: mark.length, numberOf};
  });
  const all = Buffer.alloc(single.length * count);
  for (let i = 0; i < count; i++) {
    const begin = i * single.length;
    single.copy(all, begin);
    for (const {at, size, numberOf} of places)
      all.write(String(numberOf(i)).padStart(size, '0'), begin + at, 'latin1');
  }
  return all;
}

/** A request with one resource; `spans` are those of span() or numberedSpans(). */
export const request = (service, spans) =>
  field(
    1,
    Buffer.concat([
      field(1, attribute(1, ['service.name', service])),
      field(2, Buffer.concat([field(1, field(1, 'hostile')), ...spans])),
    ]),
  );
export const spanId = (n) => n.toString(16).padStart(16, '0');
