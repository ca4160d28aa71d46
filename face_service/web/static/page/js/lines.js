/** JSON lines, read while they come. */

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<object>} the object of each line
 */
export async function* readLines(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop();
    yield* parsed(lines);
    if (done) break;
  }
  yield* parsed([rest]);
}

function* parsed(lines) {
  for (const line of lines) if (line.trim()) yield JSON.parse(line);
}
