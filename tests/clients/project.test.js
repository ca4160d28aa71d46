/** The project's files fit together: pages, handlers, texts, colours. Needs no server. */
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const { FOLDER, Phone } = require('./wx_double')

const en = require(path.join(FOLDER, 'lib/texts_en'))
const zh = require(path.join(FOLDER, 'lib/texts_zh'))
const { CLIENT_CODES } = require(path.join(FOLDER, 'lib/errors'))

const MOST_LINES = 300
const MOST_LINES_OF_FUNCTION = 40
const read = (name) => fs.readFileSync(path.join(FOLDER, name), 'utf8')
const app = JSON.parse(read('app.json'))
const files = filesBelow('')
const ofKind = (kind) => files.filter((name) => name.endsWith(kind))

/** Return the paths of all files below a folder of the project. */
function filesBelow(folder) {
  return fs.readdirSync(path.join(FOLDER, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(name) : [name]
  })
}

/** Return a page's markup with the templates that it imports. */
function markup(page) {
  const own = read(`${page}.wxml`)
  const imports = [...own.matchAll(/<import src="([^"]+)"/g)].map((found) => found[1])
  return own + imports.map((name) => read(path.join(path.dirname(page), name))).join('')
}

/** Return the keys of texts, those within as `errors.CODE`. */
function keysOf(texts) {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [key] : Object.keys(value).map((inner) => `${key}.${inner}`)
  )
}

const placeholders = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort()

test('every page has its four files', () => {
  assert.equal(app.pages.length, 3)
  for (const page of app.pages) {
    for (const kind of ['js', 'json', 'wxml', 'wxss']) {
      assert.ok(files.includes(`${page}.${kind}`), `${page}.${kind}`)
    }
  }
  assert.deepEqual(
    app.tabBar.list.map((tab) => tab.pagePath),
    app.pages
  )
})

test('every JSON file is JSON', () => {
  assert.ok(ofKind('.json').length >= 7)
  ofKind('.json').forEach((name) => assert.ok(JSON.parse(read(name)), name))
})

test('every handler in the markup is in the page, and every handler is used', () => {
  for (const name of app.pages) {
    const page = new Phone({ server: 'http://127.0.0.1:9' }).open(name)
    const used = new Set(
      [...markup(name).matchAll(/\b(?:bind|catch):?\w+="(\w+)"/g)].map((found) => found[1])
    )
    assert.ok(used.size >= 3, name)
    used.forEach((handler) => assert.equal(typeof page[handler], 'function', `${name}: ${handler}`))
    const own = [...read(`${name}.js`).matchAll(/^ {4}(on\w+)\(/gm)].map((found) => found[1])
    assert.ok(own.length >= 1)
    own.forEach((handler) => assert.ok(used.has(handler), `${name}: ${handler} is not used`))
  }
})

test('every value in the markup is in the data', () => {
  for (const name of app.pages) {
    const { data } = new Phone({ server: 'http://127.0.0.1:9' }).open(name)
    for (const [, names] of markup(name).matchAll(/data="\{\{([^}]+)\}\}"/g)) {
      names.split(',').forEach((value) => assert.ok(value.trim() in data, `${name}: ${value}`))
    }
  }
})

test('both languages have the same keys and the same values to fill in', () => {
  assert.deepEqual(keysOf(zh).sort(), keysOf(en).sort())
  for (const key of keysOf(en)) {
    const [first, second] = key.split('.')
    const [text, other] = [en, zh].map((texts) => (second ? texts[first][second] : texts[first]))
    assert.ok(text.trim() && other.trim(), key)
    assert.deepEqual(placeholders(other), placeholders(text), key)
  }
})

test('Chinese texts are Chinese', () => {
  for (const [key, text] of [...Object.entries(zh), ...Object.entries(zh.errors)]) {
    if (typeof text === 'string' && key !== 'comma') {
      assert.match(text, /\p{Script=Han}/u, key)
    }
  }
})

test('every text that is used exists, and every text is used', () => {
  const sources = [...ofKind('.wxml'), ...ofKind('.js').filter((name) => !name.includes('texts_'))]
  const all = sources.map(read).join('\n')
  const used = new Set([...all.matchAll(/\b(?:t|texts)\.(\w+)/g)].map((found) => found[1]))
  for (const key of used) {
    assert.ok(key in en, key)
  }
  for (const key of Object.keys(en)) {
    assert.ok(used.has(key) || all.includes(`'${key}'`), `${key} is not used`)
  }
})

test('every stable code of the service and of the phone has words', () => {
  const codes = process.env.CLIENT_TEST_CODES.split(',')
  assert.ok(codes.length > 40)
  for (const code of [...codes, ...CLIENT_CODES, 'FAIL']) {
    assert.ok(en.errors[code], code)
  }
})

test('every colour of the theme is there for light and dark', () => {
  const theme = JSON.parse(read('theme.json'))
  assert.deepEqual(Object.keys(theme.dark), Object.keys(theme.light))
  const used = [...read('app.json').matchAll(/"@(\w+)"/g)].map((found) => found[1])
  assert.deepEqual([...new Set(used)].sort(), Object.keys(theme.light).sort())
  const [light, dark] = read('app.wxss').split('@media (prefers-color-scheme: dark)')
  const variables = (text) => [...text.matchAll(/(--[\w-]+):/g)].map((found) => found[1])
  assert.deepEqual(variables(dark), variables(light))
  for (const [, name] of read('app.wxss').matchAll(/var\((--[\w-]+)\)/g)) {
    assert.ok(variables(light).includes(name), name)
  }
})

test('whatever can be pressed or looked at has a label', () => {
  const all = ofKind('.wxml').map(read).join('\n')
  const elements = [...all.matchAll(/<(button|input|image|canvas)\b[^>]*>/g)].map(String)
  assert.ok(elements.length >= 8)
  elements.forEach((element) => assert.match(element, /aria-label="[^"]+"/))
})

test('files and functions stay small', () => {
  for (const name of ofKind('.js')) {
    const lines = read(name).split('\n')
    assert.ok(lines.length <= MOST_LINES, name)
    let start = null
    lines.forEach((line, index) => {
      if (/^(async )?function /.test(line)) {
        start = index
      } else if (line === '}' && start !== null) {
        assert.ok(index - start < MOST_LINES_OF_FUNCTION, `${name}:${start + 1}`)
        start = null
      }
    })
  }
})

test('a language that is neither is served in English, and an old WeChat too', () => {
  const { languageOf } = require(path.join(FOLDER, 'lib/texts'))
  const languages = { zh_CN: 'zh', zh_HK: 'zh', zh: 'zh', en: 'en', fr: 'en', '': 'en' }
  for (const [language, expected] of Object.entries(languages)) {
    assert.equal(languageOf({ getAppBaseInfo: () => ({ language }) }), expected)
    assert.equal(languageOf({ getSystemInfoSync: () => ({ language }) }), expected)
  }
})
