/** The texts of this view, each key beginning with "enrol.". */

export default {};
