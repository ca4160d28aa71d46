/** What a person sees when the service refuses, is not there, or the phone says no. */
const assert = require('node:assert/strict')
const http = require('node:http')
const { test } = require('node:test')

const { choose, given, open, picture, shown, type } = require('./setting')
const { Phone } = require('./wx_double')

const LOGIN = 'pages/login/login'
const VERIFY = 'pages/verify/verify'
const DETECT = 'pages/detect/detect'
const CLOSED_PORT = 'http://127.0.0.1:9' // discard: nothing listens there

/** Run a server that answers everything as told, and return its address to `use`. */
async function withAnswer(status, headers, body, use) {
  const server = http.createServer((request, response) => {
    request.resume()
    request.on('end', () => response.writeHead(status, headers).end(body))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await use(`http://127.0.0.1:${server.address().port}`)
  } finally {
    server.close()
  }
}

test('503 tells how long to wait and offers to try again', async () => {
  const { phone, page } = await open(DETECT, 'person1.png', { server: given('SLOW') })
  await page.onDetect()
  assert.equal(page.data.tone, 'bad')
  assert.match(
    page.data.message,
    /^The service has too much to do just now\.\nTry again in (one second|\d+ seconds)\.$/
  )
  assert.equal(page.data.canRetry, true)
  await page.onRetry()
  assert.equal(phone.uploads.length, 2)
})

test('503 of a demo route is read the same way', async () => {
  const { page } = await open(LOGIN, 'person1.png', { server: given('SLOW'), language: 'zh_TW' })
  await page.onLogin()
  assert.match(page.data.message, /^服务当前负载过高。\n请在 \d+ 秒后重试。$/)
})

test('trying again repeats what failed, and succeeds once the service is there', async () => {
  const { phone, page } = await open(DETECT, 'person1.png', { server: CLOSED_PORT })
  await page.onDetect()
  assert.match(page.data.message, /^The service cannot be reached\./)
  assert.equal(page.data.canRetry, true)
  phone.app.config.server = given('SERVER')
  await page.onRetry()
  assert.deepEqual(shown(page), { message: 'One face.', tone: 'good' })
  assert.equal(page.data.canRetry, false)
})

test('a phone without a network is told from a service that is not there', async () => {
  const { phone, page } = await open(DETECT, 'person1.png', { server: CLOSED_PORT })
  phone.network = 'none'
  await page.onDetect()
  assert.equal(page.data.message, 'This phone has no network.')
  assert.equal(phone.loading, 0)
})

test('an answer that does not come in time is given up', async () => {
  const { page } = await open(DETECT, 'person1.png', { server: given('SLOW'), timeoutMs: 20 })
  await page.onDetect()
  assert.equal(page.data.message, 'The service did not answer in time.')
  assert.equal(page.data.canRetry, true)
})

test('a key is wanted, a wrong one refused, the right one taken', async () => {
  const refused = 'The service wants an API key, and the one in config.js is missing or wrong.'
  for (const key of ['', 'fk_wrong']) {
    for (const name of ['', 'ann']) {
      const { page } = await open(LOGIN, 'person1.png', { server: given('KEYED'), key })
      type(page, name)
      await page.onLogin()
      assert.deepEqual(shown(page), { message: refused, tone: 'bad' })
      assert.equal(page.data.canRetry, false)
    }
  }
  const { page } = await open(LOGIN, 'person1.png', { server: given('KEYED'), key: given('KEY') })
  await page.onRegister()
  assert.equal(page.data.message, 'This face is registered now.')
})

test('a key without the scope is told from a wrong one', async () => {
  const given_ = { server: given('KEYED'), key: given('LOOKING_KEY') }
  const { page } = await open(LOGIN, 'person1.png', given_)
  await page.onRegister()
  assert.equal(page.data.message, 'The API key in config.js does not allow this.')
})

test('a picture that is too large is compressed and sent again', async () => {
  const { phone, page } = await open(DETECT, 'large.png', {
    server: given('KEYED'),
    key: given('KEY'),
  })
  phone.compressed = [picture('large.png'), picture('person1.png')]
  await page.onDetect()
  assert.equal(page.data.message, 'One face.')
  assert.deepEqual(
    phone.compressedWith.map(({ width }) => width),
    [2000, 1000]
  )
  assert.equal(phone.uploads.length, 3)
})

test('a picture that stays too large is told of', async () => {
  for (const name of ['', 'ann']) {
    const keyed = { server: given('KEYED'), key: given('KEY') }
    const { phone, page } = await open(LOGIN, 'large.png', keyed)
    type(page, name)
    await page.onRegister()
    assert.equal(page.data.message, 'The picture is too large, even compressed.')
    assert.equal(phone.uploads.length, 3)
  }
})

test('a large picture is compressed before it is sent', async () => {
  const { phone, page } = await open(DETECT, 'large.png', { compressAboveBytes: 1000 })
  phone.compressed = [picture('person1.png')]
  await page.onDetect()
  assert.deepEqual(
    phone.uploads.map((upload) => upload.path),
    [picture('person1.png')]
  )
})

test('what is no picture is told of', async () => {
  const { page } = await open(DETECT, 'text.jpg')
  await page.onDetect()
  assert.match(page.data.message, /^This file is no picture/)
})

test('a name nobody has, and one nobody can have', async () => {
  const { page } = await open(VERIFY, 'person1.png')
  type(page, 'nobody')
  await page.onVerify()
  assert.equal(page.data.message, 'Nobody of this name is registered.')
  type(page, 'a/b')
  await page.onVerify()
  assert.match(page.data.message, /^This cannot be a name\./)
})

test('a name nobody can have is refused at registering, too', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png')
  for (const name of ['a/b', '..']) {
    type(page, name)
    await page.onRegister()
    assert.match(page.data.message, /^This cannot be a name\./)
  }
  assert.deepEqual(phone.asked, [])
})

test('what keeps a name from being asked for is told, and nothing is sent', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png', { server: CLOSED_PORT })
  type(page, 'ann')
  await page.onRegister()
  assert.match(page.data.message, /^The service cannot be reached\./)
  assert.deepEqual([page.data.canRetry, phone.uploads.length], [true, 0])
})

test('too many failed logins lock the name, with the time to wait', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png')
  type(page, 'locked')
  await page.onRegister()
  await choose(phone, page, 'person2.png')
  for (let failures = 0; failures < 10; failures += 1) {
    await page.onLogin()
    assert.equal(page.data.message, 'This is not the face of locked.')
  }
  await page.onLogin()
  assert.match(
    page.data.message,
    /^Too many failed logins of this name\.\nTry again in \d+ seconds\.$/
  )
  assert.equal(page.data.canRetry, true)
})

test('a poor picture is refused with what to do about it', async () => {
  const { page } = await open(LOGIN, 'dark.png')
  type(page, 'dora')
  await page.onRegister()
  assert.equal(page.data.tone, 'bad')
  assert.ok(
    page.data.message.split('\n').includes('It is too dark. Find more light.'),
    page.data.message
  )
})

test('what a proxy in front answers is told by its status', async () => {
  const answers = [
    [413, /^The picture is too large/],
    [502, /^The service cannot be reached/],
    [504, /^The service did not answer in time/],
    [200, /^Something answers at that address/],
  ]
  for (const [status, message] of answers) {
    await withAnswer(status, { 'Content-Type': 'text/html' }, '<h1>proxy</h1>', async (server) => {
      for (const name of [DETECT, LOGIN]) {
        const { page } = await open(name, 'person1.png', { server })
        await (name === DETECT ? page.onDetect() : page.onLogin())
        assert.match(page.data.message, message)
      }
    })
  }
})

test('a code of a later version is told in the words of the service', async () => {
  const body = JSON.stringify({ code: 'NEW_CODE', detail: 'this is new' })
  await withAnswer(422, { 'Content-Type': 'application/problem+json' }, body, async (server) => {
    const { page } = await open(DETECT, 'person1.png', { server })
    await page.onDetect()
    assert.equal(page.data.message, 'this is new')
  })
})

test('a WeChat that tells no headers is served as well as can be', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png')
  phone.headersTold = false
  await page.onRegister()
  await choose(phone, page, 'blank.png')
  await page.onLogin()
  assert.match(page.data.message, /^The service said no:/)
  await choose(phone, page, 'person1.png')
  type(page, 'nobody')
  await page.onLogin()
  assert.equal(page.data.message, 'Nobody of this name is registered.')
})

test('thinking better of a picture changes nothing', async () => {
  const { phone, page } = await open(DETECT, 'person1.png')
  await page.onDetect()
  phone.picks.push({ errMsg: 'chooseMedia:fail cancel' })
  await page.onChoose()
  assert.equal(page.data.message, 'One face.')
})

test('what keeps WeChat from the camera is told', async () => {
  const phone = new Phone({ server: given('SERVER') })
  const page = phone.open(DETECT)
  phone.picks.push({ errMsg: 'chooseMedia:fail auth deny' })
  await page.onChoose()
  assert.match(page.data.message, /^WeChat may not use the camera/)
  assert.equal(page.data.canRetry, false)
  phone.picks.push({
    errMsg: 'chooseMedia:fail api scope is not declared in the privacy agreement',
  })
  await page.onChoose()
  assert.match(page.data.message, /^Agree to the privacy notice/)
})

test('a domain that is not listed is told', async () => {
  const { phone, page } = await open(DETECT, 'person1.png')
  phone.wx.uploadFile = ({ fail }) => fail({ errMsg: 'uploadFile:fail url not in domain list' })
  await page.onDetect()
  assert.match(page.data.message, /domain is not listed for requests and uploads/)
})
