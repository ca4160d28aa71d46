/** JSON lines, read while they come. */

import { ApiError } from "./answers.js";

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<object>} the object of each line
 * @throws {ApiError} UNREACHABLE: the stream broke off
 */
export async function* readLines(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read().catch(breakOff);
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop();
    yield* parsed(lines);
    if (done) break;
  }
  yield* parsed([rest]);
}

function* parsed(lines) {
  for (const line of lines) if (line.trim()) yield parse(line);
}

function parse(line) {
  try {
    return JSON.parse(line);
  } catch (error) {
    return breakOff(error); // amid a line
  }
}

function breakOff(error) {
  if (error.name === "AbortError") throw error;
  throw new ApiError({ code: "UNREACHABLE", detail: error.message });
}
