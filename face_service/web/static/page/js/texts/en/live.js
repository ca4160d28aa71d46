/** The texts of this view, each key beginning with "live.". */

export default {};
