/** The pages on a server with the built graphs, and real faces. */
const assert = require('node:assert/strict')
const { test } = require('node:test')

const { choose, open, type } = require('./setting')

test('a president is registered, logs in, and is told from another', async () => {
  for (const name of ['', 'Barack Obama']) {
    const { phone, page } = await open('pages/login/login', 'obama.jpg')
    type(page, name)
    await page.onRegister()
    assert.equal(page.data.tone, 'good', page.data.message)
    await choose(phone, page, 'obama2.jpg')
    await page.onLogin()
    assert.equal(page.data.message, name ? `Welcome, ${name}.` : 'Welcome. It is you.')
    await choose(phone, page, 'biden.jpg')
    await page.onLogin()
    assert.equal(page.data.tone, 'bad', page.data.message)
  }
})

test('the distance of two pictures of him is below the threshold', async () => {
  const { phone, page } = await open('pages/verify/verify', 'obama2.jpg')
  type(page, 'Barack Obama')
  await page.onVerify()
  const said =
    /^The same person\.\nThe distance of the faces, (\d\.\d\d), is below the threshold of (\d\.\d\d)\.$/
  const [, distance, threshold] = said.exec(page.data.message)
  assert.ok(Number(distance) < Number(threshold))
  assert.equal(phone.canvas.context.of('strokeRect').length, 1)
})

test('the faces of a group are drawn within the picture', async () => {
  const { phone, page } = await open('pages/detect/detect', 'group.jpg')
  await page.onDetect()
  const drawn = phone.canvas.context
  const [, left, top, width, height] = drawn.of('drawImage')[0]
  const boxes = drawn.of('strokeRect')
  assert.ok(boxes.length > 1)
  assert.equal(page.data.message, `${boxes.length} faces.`)
  assert.equal(drawn.of('arc').length, 68 * boxes.length)
  for (const [x, y, wide, high] of boxes) {
    assert.ok(wide > 0 && high > 0)
    assert.ok(x > left - 1 && x + wide < left + width + 1, `${x} + ${wide}`)
    assert.ok(y > top - 1 && y + high < top + height + 1, `${y} + ${high}`)
  }
})
