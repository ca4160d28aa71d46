/** The pages on a running server: what a person sees when all goes well, or the answer is no. */
const assert = require('node:assert/strict')
const { test } = require('node:test')

const { ask, choose, given, open, shown, type } = require('./setting')
const { CANVAS, PIXEL_RATIO, Phone } = require('./wx_double')

const LOGIN = 'pages/login/login'
const VERIFY = 'pages/verify/verify'
const DETECT = 'pages/detect/detect'
// Where the fake detector sees its face in the canvas; the picture has the canvas's shape.
const BOX = [0.125 * CANVAS.width, 0.25 * CANVAS.height, 0.75 * CANVAS.width, 0.5 * CANVAS.height]

test('the camera in front is offered first', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png')
  assert.equal(phone.chosenWith[0].camera, 'front')
  assert.deepEqual(phone.chosenWith[0].sourceType, ['camera', 'album'])
  assert.match(page.data.picture, /person1\.png$/)
})

test('without a name the demo routes register and log in', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png')
  await page.onRegister()
  assert.deepEqual(shown(page), { message: 'This face is registered now.', tone: 'good' })
  await page.onLogin()
  assert.deepEqual(shown(page), { message: 'Welcome. It is you.', tone: 'good' })
  await choose(phone, page, 'person2.png')
  await page.onLogin()
  assert.deepEqual(shown(page), { message: 'This is not the registered face.', tone: 'bad' })
  const routes = phone.uploads.map(({ url }) => new URL(url).pathname)
  assert.deepEqual(routes, ['/face_register', '/face_login', '/face_login'])
})

test('with a name the JSON API registers and logs in', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png')
  type(page, ' 小安 ')
  await page.onRegister()
  assert.deepEqual(shown(page), { message: 'This face is registered as 小安 now.', tone: 'good' })
  await page.onLogin()
  assert.deepEqual(shown(page), { message: 'Welcome, 小安.', tone: 'good' })
  assert.equal(page.data.drawn, true)
  await choose(phone, page, 'person2.png')
  await page.onLogin()
  assert.deepEqual(shown(page), { message: 'This is not the face of 小安.', tone: 'bad' })
  const routes = phone.uploads.map(({ url }) => new URL(url).pathname)
  assert.deepEqual(routes, ['/v1/subjects', '/v1/verify', '/v1/verify'])
})

test('registering again replaces the face of that name once the person says yes', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png')
  type(page, 'replaced')
  await page.onRegister()
  assert.deepEqual(phone.asked, [])
  await choose(phone, page, 'person2.png')
  phone.answers = [true]
  await page.onRegister()
  assert.deepEqual(phone.asked, [
    'replaced is registered already. Put this face in place of the registered one?',
  ])
  assert.deepEqual(
    phone.uploads.map(({ fields }) => fields),
    [{ subject: 'replaced' }, { subject: 'replaced', replace: 'true' }]
  )
  assert.equal(phone.loading, 0)
  await page.onLogin()
  assert.equal(page.data.message, 'Welcome, replaced.')
  await choose(phone, page, 'person1.png')
  await page.onLogin()
  assert.equal(page.data.message, 'This is not the face of replaced.')
})

test('who says no leaves the face of that name as it is', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png', { language: 'zh_CN' })
  type(page, '小 王乙')
  await page.onRegister()
  await choose(phone, page, 'person2.png')
  await page.onRegister()
  assert.deepEqual(phone.asked, ['“小 王乙”已注册。要用这张人脸替换已注册的人脸吗？'])
  assert.deepEqual(shown(page), { message: '', tone: '' })
  assert.deepEqual([page.data.busy, page.data.canRetry, phone.loading], [false, false, 0])
  assert.equal(phone.uploads.length, 1)
  await page.onLogin()
  assert.equal(page.data.tone, 'bad')
})

test('a face that is registered under another name is told of', async () => {
  const { page } = await open(LOGIN, 'person3.png')
  type(page, 'first')
  await page.onRegister()
  type(page, 'second')
  await page.onRegister()
  assert.equal(
    page.data.message,
    'This face is registered as second now.\nIt is much like the face of: first.'
  )
})

test('a name is kept for the next page and the next start', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png')
  type(page, 'ann')
  assert.equal(phone.open(VERIFY).data.name, 'ann')
})

test('comparing tells the distance and the threshold, and draws the face', async () => {
  const { page: registering } = await open(LOGIN, 'person1.png')
  type(registering, 'vera')
  await registering.onRegister()
  const { phone, page } = await open(VERIFY, 'person1.png')
  type(page, 'vera')
  await page.onVerify()
  assert.deepEqual(shown(page), {
    message: 'The same person.\nThe distance of the faces, 0.00, is below the threshold of 1.05.',
    tone: 'good',
  })
  assert.deepEqual(phone.canvas.context.of('strokeRect'), [BOX])
  await choose(phone, page, 'person2.png')
  assert.equal(page.data.drawn, false)
  await page.onVerify()
  assert.match(
    page.data.message,
    /^Not the same person\.\nThe distance of the faces, [12]\.\d\d, is not below the threshold of 1\.05\.$/
  )
})

test('comparing without a name tells the distance', async () => {
  const { page: registering } = await open(LOGIN, 'person1.png')
  await registering.onRegister()
  const { phone, page } = await open(VERIFY, 'person1.png')
  await page.onVerify()
  assert.equal(page.data.message, 'The same person.\nThe distance of the faces is 0.00.')
  assert.equal(page.data.drawn, false)
  await choose(phone, page, 'person2.png')
  await page.onVerify()
  assert.match(
    page.data.message,
    /^Not the same person\.\nThe distance of the faces is [12]\.\d\d\.$/
  )
})

test('faces and landmarks are drawn where they are', async () => {
  const { phone, page } = await open(DETECT, 'person1.png')
  await page.onDetect()
  assert.deepEqual(shown(page), { message: 'One face.', tone: 'good' })
  const drawn = phone.canvas.context
  assert.deepEqual([phone.canvas.width, phone.canvas.height], [600, 450])
  assert.deepEqual(drawn.of('scale'), [[PIXEL_RATIO, PIXEL_RATIO]])
  assert.deepEqual(drawn.of('drawImage')[0].slice(1), [0, 0, CANVAS.width, CANVAS.height])
  assert.deepEqual(drawn.of('strokeRect'), [BOX])
  assert.equal(drawn.of('fillText')[0][0], '0.90')
  const answer = await ask('/v1/detect', 'person1.png')
  assert.equal(answer.faces[0].landmarks.length, 68)
  const points = answer.faces[0].landmarks.map(([x, y]) => [
    (x / answer.width) * CANVAS.width,
    (y / answer.height) * CANVAS.height,
  ])
  assert.deepEqual(
    drawn.of('arc').map(([x, y]) => [x, y]),
    points
  )
})

test('a picture of another shape is laid into the middle', async () => {
  const { phone, page } = await open(DETECT, 'upright.png')
  await page.onDetect()
  const [, x, y, width, height] = phone.canvas.context.of('drawImage')[0]
  assert.deepEqual([x, y, width, height], [65.625, 0, 168.75, 225])
  assert.deepEqual(phone.canvas.context.of('strokeRect'), [
    [65.625 + 0.125 * 168.75, 0.25 * 225, 0.75 * 168.75, 0.5 * 225],
  ])
})

test('a picture without a face is told of everywhere', async () => {
  const none = 'No face was found. Face the camera, in good light.'
  const { page: login } = await open(LOGIN, 'blank.png')
  const { page: detect } = await open(DETECT, 'blank.png')
  const { page: verify } = await open(VERIFY, 'blank.png')
  await detect.onDetect()
  assert.deepEqual(shown(detect), {
    message: 'No face was found. Move nearer, or into better light.',
    tone: 'bad',
  })
  assert.equal(detect.data.drawn, false)
  for (const name of ['', 'somebody']) {
    type(login, name)
    await login.onRegister()
    assert.deepEqual(shown(login), { message: none, tone: 'bad' }, `registering '${name}'`)
  }
  type(login, '')
  type(verify, '')
  await login.onLogin()
  assert.equal(login.data.message, none)
  await verify.onVerify()
  assert.equal(verify.data.message, none)
})

test('all is in Chinese on a phone that is', async () => {
  const { phone, page } = await open(LOGIN, 'person1.png', { language: 'zh_CN' })
  assert.deepEqual(phone.tabs, ['登录', '比对', '检测'])
  assert.equal(phone.title, '登录')
  await page.onRegister()
  await page.onLogin()
  assert.equal(page.data.message, '欢迎，验证通过。')
})

test('nothing is sent before a picture is chosen', async () => {
  const phone = new Phone({ server: given('SERVER') })
  const page = phone.open(DETECT)
  await page.onDetect()
  assert.deepEqual(phone.toasts, ['Choose a picture first'])
  assert.deepEqual(phone.uploads, [])
})

test('while the service works, the page says so and sends nothing else', async () => {
  const { phone, page } = await open(DETECT, 'person1.png')
  const working = page.onDetect()
  assert.deepEqual([page.data.busy, phone.loading], [true, 1])
  await page.onDetect()
  await working
  assert.deepEqual([page.data.busy, phone.loading, phone.uploads.length], [false, 0, 1])
})

test('WeChat on a computer may post, although it looks like a page of another site', async () => {
  const { phone, page } = await open(DETECT, 'person1.png')
  phone.extraHeaders = {
    'Sec-Fetch-Site': 'cross-site',
    Referer: 'https://servicewechat.com/touristappid/devtools/page-frame.html',
  }
  await page.onDetect()
  assert.equal(page.data.message, 'One face.')
})
