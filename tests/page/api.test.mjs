// The client of the JSON API, against answers made up here.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Api } from "../../face_service/web/static/page/js/api.js";
import { canBeSent } from "../../face_service/web/static/page/js/keys.js";
import { parseTimings } from "../../face_service/web/static/page/js/answers.js";

const PICTURE = new Blob(["jpeg"], { type: "image/jpeg" });

/** An Api whose server answers with `answers` in turn; `sent` notes the requests. */
function apiWith(answers, { key = () => null, onKeyNeeded, beforeChange } = {}) {
  const sent = [];
  const fetch = async (url, options) => {
    sent.push({ url, ...options });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { api: new Api({ key, onKeyNeeded, beforeChange, fetch }), sent };
}

const ok = (body, headers = {}) => new Response(JSON.stringify(body), { headers });

function problem(status, code, { headers = {}, ...more } = {}) {
  const body = JSON.stringify({ status, code, detail: "so it is", ...more });
  return new Response(body, { status, headers });
}

const streamed = (...pieces) =>
  new Response(
    new ReadableStream({
      start(controller) {
        pieces.forEach((piece) => controller.enqueue(new TextEncoder().encode(piece)));
        controller.close();
      },
    }),
  );

test("a picture goes out as a form with its options", async () => {
  const { api, sent } = apiWith([ok({ faces: [] })]);
  assert.deepEqual(await api.detect(PICTURE, { maxFaces: 1, landmarks: false }), { faces: [] });
  assert.equal(sent[0].url, "v1/detect");
  assert.equal(sent[0].method, "POST");
  const { file, ...fields } = Object.fromEntries(sent[0].body);
  assert.deepEqual(fields, { max_faces: "1", landmarks: "false" });
  assert.equal(file.name, "picture.jpg");
});

test("the stages' times come with the answer, but not in it", async () => {
  const header = { "Server-Timing": "decode;dur=1.5, detect;dur=20.0, total;dur=25.1" };
  const { api } = apiWith([ok({ faces: [] }, header)]);
  const answer = await api.detect(PICTURE);
  assert.deepEqual(answer.timings.stages, [
    { name: "decode", ms: 1.5 },
    { name: "detect", ms: 20 },
  ]);
  assert.equal(answer.timings.total, 25.1);
  assert.ok(answer.timings.roundTrip >= 0);
  assert.equal(JSON.stringify(answer), '{"faces":[]}');
  assert.equal(api.last, answer.timings);
});

test("without the header there are no times", () => {
  assert.deepEqual(parseTimings(null), { stages: [], total: null });
});

test("an error carries all that the server says", async () => {
  const reasons = [{ code: "BLURRED", value: 10, limit: 35 }];
  const { api } = apiWith([problem(422, "ENROLMENT_REFUSED", { reasons })]);
  await assert.rejects(api.enrol("ann", [PICTURE]), (error) => {
    assert.equal(error.name, "ApiError");
    assert.deepEqual(
      [error.status, error.code, error.detail, error.retryAfter],
      [422, "ENROLMENT_REFUSED", "so it is", null],
    );
    assert.deepEqual(error.reasons, reasons);
    return true;
  });
});

test("an error says when to try again", async () => {
  const { api } = apiWith([problem(503, "BUSY", { headers: { "Retry-After": "2" } })]);
  await assert.rejects(api.identify(PICTURE), { code: "BUSY", retryAfter: 2 });
});

test("a proxy's page is an error too", async () => {
  const { api } = apiWith([new Response("<h1>Bad gateway</h1>", { status: 502 })]);
  await assert.rejects(api.subjects(), { code: "HTTP_502", status: 502 });
});

test("no answer is UNREACHABLE, one that was given up stays an AbortError", async () => {
  const { api } = apiWith([new TypeError("Failed to fetch"), new DOMException("", "AbortError")]);
  await assert.rejects(api.subjects(), { code: "UNREACHABLE", status: 0 });
  await assert.rejects(api.subjects(), { name: "AbortError" });
});

test("a 401 asks for the key and sends the request again", async () => {
  let key = null;
  const asked = [];
  const { api, sent } = apiWith(
    [problem(401, "UNAUTHORIZED"), problem(401, "UNAUTHORIZED"), ok({ subjects: [] })],
    {
      key: () => key,
      onKeyNeeded: async (why) => {
        asked.push(why);
        key = `key${asked.length}`;
        return key;
      },
    },
  );
  assert.deepEqual(await api.subjects(), { subjects: [] });
  assert.deepEqual(asked, [{ rejected: false }, { rejected: true }]);
  assert.deepEqual(
    sent.map(({ headers }) => headers.Authorization),
    [undefined, "Bearer key1", "Bearer key2"],
  );
});

test("a key that no header takes is asked for anew, not taken for a server that is away", async () => {
  let key = "schlüssel";
  const asked = [];
  const { api, sent } = apiWith([ok({ subjects: [] })], {
    key: () => key,
    onKeyNeeded: async (why) => {
      asked.push(why);
      key = "good-one";
      return key;
    },
  });
  assert.deepEqual(await api.subjects(), { subjects: [] });
  assert.deepEqual(asked, [{ rejected: true }]);
  assert.deepEqual(
    sent.map(({ headers }) => headers.Authorization),
    ["Bearer good-one"],
  );
  key = "两把钥匙";
  await assert.rejects(api.subjects({ keepalive: true }), { code: "UNAUTHORIZED", status: 401 });
});

test("a key is ASCII without spaces", () => {
  for (const key of ["a", "face_AZ-09.~+/=", "!"]) assert.equal(canBeSent(key), true, key);
  for (const key of ["", "a b", "é", "钥匙", "a\n", "a\u200b"]) assert.equal(canBeSent(key), false, key);
});

test("who gives no key gets the 401", async () => {
  const { api, sent } = apiWith([problem(401, "UNAUTHORIZED")]);
  await assert.rejects(api.subjects(), { code: "UNAUTHORIZED" });
  assert.equal(sent.length, 1);
});

test("a server that knows no key does not ask for ever", async () => {
  const refused = Array.from({ length: 10 }, () => problem(401, "UNAUTHORIZED"));
  let count = 0;
  const key = () => (count ? `key${count}` : null);
  const onKeyNeeded = async () => `key${(count += 1)}`;
  const { api, sent } = apiWith(refused, { key, onKeyNeeded });
  await assert.rejects(api.subjects(), { code: "UNAUTHORIZED" });
  assert.equal(sent.length, 4);
});

test("requests that wait for a key share one question", async () => {
  let key = null;
  let asked = 0;
  const { api } = apiWith(
    [problem(401, "UNAUTHORIZED"), problem(401, "UNAUTHORIZED"), ok({ a: 1 }), ok({ b: 2 })],
    {
      key: () => key,
      onKeyNeeded: async () => {
        asked += 1;
        await new Promise((done) => setTimeout(done));
        return (key = "key");
      },
    },
  );
  const answers = await Promise.all([api.subjects(), api.subjects()]);
  assert.deepEqual(answers, [{ a: 1 }, { b: 2 }]);
  assert.equal(asked, 1);
});

test("names and pages are written into the address", async () => {
  const { api, sent } = apiWith([ok({}), ok({}), ok({}), ok({})]);
  await api.subjects({ q: "a&b", after: "", limit: 5 });
  await api.subject("Ann Müller?");
  await api.removeFace("Ann", "f/1");
  await api.rename("Ann", "Anna", true);
  assert.deepEqual(
    sent.map(({ method = "GET", url }) => `${method} ${url}`),
    [
      "GET v1/subjects?q=a%26b&limit=5",
      "GET v1/subjects/Ann%20M%C3%BCller%3F",
      "DELETE v1/subjects/Ann/faces/f%2F1",
      "PATCH v1/subjects/Ann",
    ],
  );
  assert.equal(sent[3].body, '{"subject":"Anna","merge":true}');
  assert.equal(sent[3].headers["Content-Type"], "application/json");
});

test("a removal can outlive the page, and then asks for no key", async () => {
  const { api, sent } = apiWith([problem(401, "UNAUTHORIZED")], {
    onKeyNeeded: () => assert.fail("nobody is there"),
  });
  await assert.rejects(api.removeSubject("Ann", { keepalive: true }), { code: "UNAUTHORIZED" });
  assert.equal(sent[0].keepalive, true);
});

test("bulk results come line by line, however the bytes are cut", async () => {
  const text =
    '{"file":"a/1.jpg","status":"enrolled"}\n{"file":"a/二.jpg","status":"failed"}\n' +
    '{"summary":{"enrolled":1,"refused":0,"failed":1}}\n';
  const bytes = new TextEncoder().encode(text);
  for (const cut of [1, 40, 57, 58, bytes.length]) {
    const whole = new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes.slice(0, cut));
          controller.enqueue(bytes.slice(cut));
          controller.close();
        },
      }),
    );
    const { api } = apiWith([whole]);
    const seen = [];
    const summary = await api.bulk([PICTURE], null, (line) => seen.push(line.file));
    assert.deepEqual(seen, ["a/1.jpg", "a/二.jpg"]);
    assert.deepEqual(summary, { enrolled: 1, refused: 0, failed: 1 });
  }
});

test("bulk files keep their folders, unless all are one subject's", async () => {
  const file = new File(["x"], "1.jpg");
  Object.defineProperty(file, "webkitRelativePath", { value: "people/ann/1.jpg" });
  const done = () => streamed('{"summary":{}}\n');
  const { api, sent } = apiWith([done(), done()]);
  await api.bulk([file], null, () => {});
  await api.bulk([file], "ann", () => {}, { force: true });
  assert.equal(sent[0].url, "v1/subjects:bulk");
  assert.equal(sent[0].body.get("file").name, "people/ann/1.jpg");
  assert.equal(sent[0].body.get("subject"), null);
  assert.equal(sent[1].body.get("subject"), "ann");
  assert.equal(sent[1].body.get("force"), "true");
});

test("bulk results that break off are an error", async () => {
  for (const rest of ['{"file":"b"', ""]) {
    const { api } = apiWith([streamed(`{"file":"a"}\n${rest}`)]);
    const seen = [];
    await assert.rejects(
      api.bulk([PICTURE], null, (line) => seen.push(line.file)),
      { code: "UNREACHABLE" },
    );
    assert.deepEqual(seen, ["a"]);
  }
});

test("an export is a file", async () => {
  const { api } = apiWith([new Response('{"format":1}\n')]);
  assert.equal(await (await api.exportGallery()).text(), '{"format":1}\n');
});

test("a calibration says what is wanted", async () => {
  const { api, sent } = apiWith([ok({})]);
  await api.calibrate({ far: 0.01, apply: true });
  assert.equal(sent[0].body, '{"far":0.01,"apply":true}');
});

const CHANGES = {
  enrol: (api) => api.enrol("ann", [PICTURE]),
  rename: (api) => api.rename("ann", "bob"),
  bulk: (api) => api.bulk([PICTURE], "ann", () => undefined),
  import: (api) => api.importGallery(PICTURE),
  export: (api) => api.exportGallery(),
};

for (const [name, change] of Object.entries(CHANGES)) {
  test(`${name} waits for what is to be done before, and is not done where that fails`, async () => {
    let begin;
    const before = new Promise((resolve) => (begin = resolve));
    const { api, sent } = apiWith([streamed('{"summary": {}}\n')], { beforeChange: () => before });
    const changing = change(api);
    await new Promise((later) => setImmediate(later));
    assert.deepEqual(sent, []);
    begin();
    await changing;
    assert.equal(sent.length, 1);
    const failing = apiWith([], { beforeChange: () => Promise.reject(new Error("not deleted")) });
    await assert.rejects(change(failing.api), /not deleted/);
    assert.deepEqual(failing.sent, []);
  });
}
