const config = require('./config')
const { makeApi } = require('./lib/api')
const { languageOf, textsIn } = require('./lib/texts')

App({
  onLaunch() {
    this.texts = textsIn(languageOf(wx))
    this.api = makeApi(wx, config)
    this.config = config
  },
})
