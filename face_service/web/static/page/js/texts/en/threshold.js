/** The texts of this view, each key beginning with "threshold.". */

export default {
  "threshold.title": "Threshold",
  "threshold.lead":
    "Two faces count as the same person when their distance is below the threshold. See what each " +
    "choice would let in and keep out, by the faces that are registered here.",
  "threshold.kinds": "What is decided",
  "threshold.kind.verification": "Log in (1:1)",
  "threshold.kind.identification": "Name (1:N)",
  "threshold.about.verification": "Is this the person whose name was given?",
  "threshold.about.identification":
    "Who of all registered people is this? A search has many chances to err, so the line belongs " +
    "further to the left.",
  "threshold.scales": "Scale of the bars",
  "threshold.scale.linear": "Linear",
  "threshold.scale.log": "Logarithmic",
  "threshold.chart": "Distances of pairs of faces",
  "threshold.genuine": {
    one: "Same person: {count} pair",
    other: "Same person: {count} pairs",
  },
  "threshold.impostor": {
    one: "Different people: {count} pair",
    other: "Different people: {count} pairs",
  },
  "threshold.axis": "Distance: same face at the left, nothing alike at the right",
  "threshold.how": "Drag the line, or focus it and use the arrow keys.",
  "threshold.slider": "Threshold",
  "threshold.value": "{value}. {wrong} {missed}",
  "threshold.mark.now": "in use {value}",
  "threshold.mark.wanted": "suggested {value}",
  "threshold.basis": "Measured on {faces} faces of {people} people.",
  "threshold.pairs":
    "The bars count pairs of faces; the rates count the best match that a face finds among all registered.",
  "threshold.measuring": "Comparing all registered faces…",
  "threshold.at": "At {value}",

  "threshold.verification.wrong": "Strangers let in",
  "threshold.verification.wrong.some":
    "Of {of} strangers who give somebody's name, {count} would be let in.",
  "threshold.verification.wrong.none":
    "Of {of} strangers who give somebody's name, none would be let in.",
  "threshold.verification.missed": "People turned away",
  "threshold.verification.missed.some": "Of {of} logins by the right person, {count} would fail.",
  "threshold.verification.missed.none": "Of {of} logins by the right person, none would fail.",
  "threshold.identification.wrong": "Strangers given a name",
  "threshold.identification.wrong.some": "Of {of} strangers, {count} would be given somebody's name.",
  "threshold.identification.wrong.none": "Of {of} strangers, none would be given somebody's name.",
  "threshold.identification.missed": "People not recognised",
  "threshold.identification.missed.some":
    "Of {of} pictures of registered people, {count} would not be recognised.",
  "threshold.identification.missed.none":
    "Of {of} pictures of registered people, none would not be recognised.",
  "threshold.missed.unknown": "Nobody has two pictures, so this cannot be measured.",
  "threshold.bounds": "With 95% certainty {low} to {high}. Counted: {errors} of {trials}.",
  "threshold.unknown": "unknown",

  "threshold.now": "In use: {value}",
  "threshold.source.setting": "fixed by a setting",
  "threshold.source.calibrated": "chosen here or by “calibrate”",
  "threshold.source.card": "the model's own",
  "threshold.use.verification": "Use {value} for logins",
  "threshold.use.identification": "Use {value} for naming",
  "threshold.used": "This one is in use",
  "threshold.fixed.verification":
    "The setting FACE_THRESHOLD fixes this threshold. Remove it from the server's environment to " +
    "choose here.",
  "threshold.fixed.identification":
    "The setting FACE_IDENTIFY_THRESHOLD fixes this threshold. Remove it from the server's " +
    "environment to choose here.",
  "threshold.few.verification":
    "Too few faces to choose by: there are {trials} pairs of different people, and a rate of one " +
    "in {needed} needs {needed} pairs. That is {people} people with one picture each. Register " +
    "more, or allow more strangers below.",
  "threshold.few.identification":
    "Too few faces to choose by: there are {trials}, and a rate of one in {needed} needs {needed}. " +
    "Register more, or allow more strangers below.",
  "threshold.confirm.title": "Use {value} from now on?",
  "threshold.confirm.change": "What changes",
  "threshold.confirm.old": "Now",
  "threshold.confirm.new": "Then",
  "threshold.confirm.threshold": "Threshold",
  "threshold.confirm.about": "It counts at once, for everybody who uses this server.",
  "threshold.confirm.apply": "Use it",
  "threshold.worse.verification.wrong":
    "Many more strangers would be let in: {after} of them instead of {before}.",
  "threshold.worse.verification.missed":
    "Many more people would be turned away: {after} of their logins instead of {before}.",
  "threshold.worse.identification.wrong":
    "Many more strangers would be given a name: {after} of them instead of {before}.",
  "threshold.worse.identification.missed":
    "Many more people would not be recognised: {after} of their pictures instead of {before}.",
  "threshold.applied": "{value} is in use.",
  "threshold.reset": "Back to the model's own",
  "threshold.reset.title": "Back to the model's own thresholds?",
  "threshold.forgets.both": "Both thresholds that were chosen, for logins and for naming, are forgotten.",
  "threshold.forgets.verification":
    "The threshold that was chosen for logins is forgotten. The one for naming stays as it is.",
  "threshold.forgets.identification":
    "The threshold that was chosen for naming is forgotten. The one for logins stays as it is.",
  "threshold.reset.done": "The model's own thresholds are in use.",

  "threshold.wanted": "What is acceptable?",
  "threshold.wanted.verification": "Let in at most one stranger of",
  "threshold.wanted.identification": "Name at most one stranger of",
  "threshold.wanted.suggestion": "The suggested threshold is {value}.",
  "threshold.wanted.move": "Move the line there",
  "threshold.wanted.invalid": "Enter a whole number from 2 to 1,000,000.",

  "threshold.cautions": "Before you trust these numbers",
  "threshold.caution.RATE_UNREACHABLE":
    "No threshold keeps to what you accept: too many faces of different people are the same. " +
    "Somebody may be registered under two names.",
  "threshold.caution.RATE_ALWAYS_KEPT": "Every threshold keeps to what you accept.",
  "threshold.caution.RATE_NOT_MEASURABLE":
    "On {trials} comparisons a rate this low does not show: the suggestion is a guess.",
  "threshold.caution.RATE_UNCERTAIN":
    "About {expected} of {trials} comparisons are expected to go wrong at the rate you accept. " +
    "With {needed} or more the rate would be known within a third.",
  "threshold.caution.NO_GENUINE_PAIRS":
    "Nobody has two pictures. Register a second one of some people to see how often they would be " +
    "turned away.",
  "threshold.caution.FEW_GENUINE_PAIRS": {
    one: "There is only {count} pair of pictures of one person: how often people are turned away is uncertain.",
    other: "There are only {count} pairs of pictures of one person: how often people are turned away is uncertain.",
  },
  "threshold.caution.FEW_SUBJECTS": {
    one: "Only {count} person is registered: with others the numbers may be quite different.",
    other: "Only {count} people are registered: with others the numbers may be quite different.",
  },
  "threshold.caution.PART_DRAWN":
    "Of {total} faces {faces} were compared, chosen by lot. The rates of naming are those of that part.",
  "threshold.caution.GROWS_WITH_GALLERY":
    "The more faces are registered, the more often a stranger is like one of them: the threshold " +
    "tightens by itself as they grow. Measure again from time to time.",

  "threshold.table": "The numbers as a table",
  "threshold.table.threshold": "Threshold",
  "threshold.table.bounds": "{low} to {high}",
  "threshold.table.line": "the line",
  "threshold.table.now": "in use",

  "threshold.empty": "Nothing to measure yet",
  "threshold.empty.about":
    "Register at least two people, with two pictures each. Numbers worth choosing by need about " +
    "50 people.",
  "threshold.empty.now": "Until then the model's own thresholds are in use.",
  "threshold.empty.register": "Register somebody",
  "threshold.empty.people": "Add many at once",
  "threshold.forbidden":
    "Looking at the threshold and choosing it needs an API key with the scope “admin”.",
  "threshold.forbidden.key": "Enter another key",
};
