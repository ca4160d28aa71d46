const config = require('./config')
const { makeApi } = require('./lib/api')
const { languageOf, textsIn } = require('./lib/texts')

App({
  config,
  api: makeApi(wx, config),
  texts: textsIn(languageOf(wx)),
})
