/**
 * A double of WeChat: loads the mini-program's pages into Node and plays `wx`, `Page`, `App` and
 * `getApp`. Its uploadFile really uploads; what a person would see or do is recorded or given.
 */
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')

const { sizeOfPicture } = require('./picture_size')

const FOLDER = path.resolve(__dirname, '../../clients/miniprogram')
const CANVAS = { width: 300, height: 225 }
const PIXEL_RATIO = 2

/** What a canvas was told to draw: a list of [method or property, ...arguments]. */
class Context {
  constructor() {
    this.calls = []
    const names = 'scale drawImage strokeRect fillRect fillText beginPath arc fill'.split(' ')
    names.forEach((name) => {
      this[name] = (...given) => {
        this.calls.push([name, ...given])
      }
    })
  }

  measureText(text) {
    return { width: 6 * text.length }
  }

  /** Return the arguments of every call of a method. */
  of(name) {
    return this.calls.filter((call) => call[0] === name).map((call) => call.slice(1))
  }
}

class Canvas {
  constructor() {
    this.context = new Context()
  }

  getContext(kind) {
    if (kind !== '2d') {
      throw new Error(`no such context: ${kind}`)
    }
    return this.context
  }

  createImage() {
    return {
      set src(file) {
        const size = sizeOfPicture(fs.readFileSync(file))
        setImmediate(() => (size ? this.onload(Object.assign(this, size)) : this.onerror()))
      },
    }
  }
}

/** The phone. Set `picks`, `compressed`, `network`, `language` to say what it does. */
class Phone {
  /** @param {{language?: string, server?: string, key?: string, timeoutMs?: number}} given */
  constructor(given = {}) {
    this.language = given.language || 'en'
    this.network = 'wifi'
    this.picks = [] // what chooseMedia gives next: a path, or an errMsg as {errMsg}
    this.compressed = [] // what compressImage gives next: a path; nothing left: it fails
    this.storage = {}
    this.toasts = []
    this.loading = 0
    this.tabs = []
    this.title = ''
    this.uploads = []
    this.requests = []
    this.answers = [] // what the person says to showModal next: true for yes; nothing left: no
    this.asked = []
    this.chosenWith = []
    this.compressedWith = []
    this.extraHeaders = {}
    this.headersTold = true
    this.canvas = new Canvas()
    this.wx = makeWx(this)
    this._load(given)
  }

  _load(given) {
    global.wx = this.wx
    global.getApp = () => this.app
    global.App = (options) => {
      this.app = options
    }
    // Modules without a state are shared; the configuration, the app and pages are made anew.
    const config = load('config.js')
    Object.assign(config, { compressAboveBytes: 4000000, timeoutMs: 30000, key: '' }, pick(given))
    load('app.js')
  }

  /** Open a page by its path in app.json. */
  open(name) {
    let page = null
    global.Page = (options) => {
      page = options
    }
    global.wx = this.wx
    global.getApp = () => this.app
    load(`${name}.js`)
    page.data = structuredClone(page.data)
    page.setData = function setData(values, done) {
      Object.assign(this.data, values)
      if (done) {
        setImmediate(done)
      }
    }
    page.onLoad({})
    page.onShow()
    return page
  }
}

function pick(given) {
  const names = ['server', 'key', 'timeoutMs', 'compressAboveBytes']
  return Object.fromEntries(
    names.filter((name) => name in given).map((name) => [name, given[name]])
  )
}

/** Run a file of the mini-program anew. */
function load(name) {
  const file = path.join(FOLDER, name)
  delete require.cache[file]
  return require(file)
}

function makeWx(phone) {
  return {
    ...makeLooks(phone),
    getAppBaseInfo: () => ({ language: phone.language }),
    getWindowInfo: () => ({ pixelRatio: PIXEL_RATIO }),
    getStorageSync: (key) => (key in phone.storage ? phone.storage[key] : ''),
    setStorageSync: (key, value) => {
      phone.storage[key] = value
    },
    getNetworkType: ({ success }) => setImmediate(success, { networkType: phone.network }),
    chooseMedia: (options) => chooseMedia(phone, options),
    compressImage: (options) => compressImage(phone, options),
    uploadFile: (options) => uploadFile(phone, options),
    request: (options) => request(phone, options),
    createSelectorQuery: () => makeQuery(phone),
  }
}

function makeLooks(phone) {
  return {
    setNavigationBarTitle: ({ title }) => {
      phone.title = title
    },
    setTabBarItem: ({ index, text }) => {
      phone.tabs[index] = text
    },
    showToast: ({ title }) => phone.toasts.push(title),
    showLoading: () => {
      phone.loading += 1
    },
    hideLoading: () => {
      phone.loading -= 1
    },
    showModal: (options) => showModal(phone, options),
  }
}

/** Let the person answer; WeChat refuses buttons of more than four characters. */
function showModal(phone, options) {
  const long = [options.confirmText, options.cancelText].filter((text) => [...text].length > 4)
  if (long.length || phone.loading) {
    throw new TypeError(`too long for a button, or behind a mask: ${JSON.stringify(options)}`)
  }
  phone.asked.push(options.content)
  const confirm = phone.answers.shift() === true
  setImmediate(() => options.success({ confirm, cancel: !confirm }))
}

function chooseMedia(phone, options) {
  phone.chosenWith.push(options)
  const next = phone.picks.shift()
  setImmediate(() => {
    if (typeof next !== 'string') {
      options.fail(next || { errMsg: 'chooseMedia:fail cancel' })
      return
    }
    const size = fs.statSync(next).size
    options.success({ type: 'image', tempFiles: [{ tempFilePath: next, size, fileType: 'image' }] })
  })
}

function compressImage(phone, options) {
  phone.compressedWith.push({ src: options.src, width: options.compressedWidth })
  const next = phone.compressed.shift()
  setImmediate(() =>
    next ? options.success({ tempFilePath: next }) : options.fail({ errMsg: 'compressImage:fail' })
  )
}

function makeQuery(phone) {
  let wanted = null
  const fields = (asked) => {
    wanted = asked
  }
  return {
    select: () => ({ fields }),
    exec: (done) =>
      setImmediate(done, [wanted.node && wanted.size ? { node: phone.canvas, ...CANVAS } : null]),
  }
}

/** Post as a phone does: fields first, the file last; the answer's body is a text. */
function uploadFile(phone, options) {
  check(options)
  phone.uploads.push({ url: options.url, fields: options.formData, path: options.filePath })
  let onHeaders = () => undefined
  if (!fs.existsSync(options.filePath)) {
    setImmediate(options.fail, { errMsg: 'uploadFile:fail file not found' })
    return { onHeadersReceived: () => undefined, abort: () => undefined }
  }
  const { body, type } = encode(options)
  const headers = {
    ...options.header,
    ...phone.extraHeaders,
    'Content-Type': type,
    'Content-Length': body.length,
  }
  const request = http.request(options.url, { method: 'POST', headers, timeout: options.timeout })
  request.on('timeout', () => request.destroy(new Error('timeout')))
  request.on('error', (error) => options.fail({ errMsg: `uploadFile:fail ${error.message}` }))
  request.on('response', (response) => {
    if (phone.headersTold) {
      onHeaders({ header: { ...response.headers } })
    }
    const pieces = []
    response.on('data', (piece) => pieces.push(piece))
    response.on('end', () =>
      options.success({
        data: Buffer.concat(pieces).toString('utf8'),
        statusCode: response.statusCode,
      })
    )
  })
  request.end(body)
  return {
    onHeadersReceived: (listener) => {
      onHeaders = listener
    },
    abort: () => request.destroy(),
  }
}

/** Ask by GET as a phone does; `dataType: 'text'` leaves the answer's body a text. */
function request(phone, options) {
  if (options.method !== 'GET' || options.dataType !== 'text') {
    throw new TypeError(`this double asks by GET and for texts: ${JSON.stringify(options)}`)
  }
  phone.requests.push(options.url)
  const headers = { ...options.header, ...phone.extraHeaders }
  const sent = http.get(options.url, { headers, timeout: options.timeout }, (response) => {
    const pieces = []
    response.on('data', (piece) => pieces.push(piece))
    response.on('end', () =>
      options.success({
        data: Buffer.concat(pieces).toString('utf8'),
        statusCode: response.statusCode,
        header: phone.headersTold ? { ...response.headers } : {},
      })
    )
  })
  sent.on('timeout', () => sent.destroy(new Error('timeout')))
  sent.on('error', (error) => options.fail({ errMsg: `request:fail ${error.message}` }))
}

/** Hold the call to what WeChat takes. */
function check(options) {
  const texts = [options.url, options.filePath, options.name, ...Object.values(options.formData)]
  const wrong = texts.filter((value) => typeof value !== 'string')
  if (wrong.length || Object.keys(options.header).some((name) => /^referer$/i.test(name))) {
    throw new TypeError(`uploadFile takes texts, and no Referer: ${JSON.stringify(options)}`)
  }
}

function encode(options) {
  const boundary = `----double${Date.now()}`
  const file = path.basename(options.filePath)
  const fields = Object.entries(options.formData).map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  )
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="${options.name}"; ` +
    `filename="${file}"\r\nContent-Type: image/jpeg\r\n\r\n`
  const body = Buffer.concat([
    Buffer.from(fields.join('') + head),
    fs.readFileSync(options.filePath),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
  return { body, type: `multipart/form-data; boundary=${boundary}` }
}

module.exports = { CANVAS, FOLDER, PIXEL_RATIO, Phone }
