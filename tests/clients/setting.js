/** What tests/clients/test_miniprogram.py has set up for a test: servers, a key, pictures. */
const fs = require('node:fs')
const path = require('node:path')

const { Phone } = require('./wx_double')

/** Return a value of the test's setting; a missing one is a mistake of the wrapper. */
function given(name) {
  const value = process.env[`CLIENT_TEST_${name}`]
  if (!value) {
    throw new Error(`CLIENT_TEST_${name} is not set: run pytest tests/clients`)
  }
  return value
}

/** Return the path of a picture. */
const picture = (name) => path.join(given('PICTURES'), name)

/** Return a phone on the server without keys, and a page that has chosen a picture. */
async function open(page, name, options = {}) {
  const phone = new Phone({ server: given('SERVER'), ...options })
  const opened = phone.open(page)
  await choose(phone, opened, name)
  return { phone, page: opened }
}

/** Ask the server itself about a picture, without the mini-program; returns the JSON. */
async function ask(route, name) {
  const body = new FormData()
  body.append('file', new Blob([fs.readFileSync(picture(name))]), name)
  const answer = await fetch(given('SERVER') + route, { method: 'POST', body })
  return answer.json()
}

/** Let the person choose a picture. */
async function choose(phone, page, name) {
  phone.picks.push(picture(name))
  await page.onChoose()
}

/** Let the person type a name. */
const type = (page, value) => page.onName({ detail: { value } })

/** Return what the page shows. */
const shown = (page) => ({ message: page.data.message, tone: page.data.tone })

module.exports = { ask, choose, given, open, picture, shown, type }
