/** The words of the pages, by the phone's language. */
const en = require('./texts_en')
const zh = require('./texts_zh')

const ENGLISH = 'en'
const CHINESE = 'zh'
const TEXTS = { [ENGLISH]: en, [CHINESE]: zh }

/**
 * Return the language to speak: Chinese on a phone that does, English on any other.
 *
 * @param {WechatMiniprogram.Wx} wx
 * @returns {'en'|'zh'}
 */
function languageOf(wx) {
  const info = wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync()
  return String(info.language || '')
    .toLowerCase()
    .startsWith(CHINESE)
    ? CHINESE
    : ENGLISH
}

/** Return the texts in a language. */
function textsIn(language) {
  return TEXTS[language]
}

/**
 * Return a text with `{name}` replaced by `values.name`.
 *
 * @param {string} text
 * @param {object} values
 * @returns {string}
 */
function format(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]))
}

module.exports = { format, languageOf, textsIn }
