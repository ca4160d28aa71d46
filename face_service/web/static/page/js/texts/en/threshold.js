/** The texts of this view, each key beginning with "threshold.". */

export default {};
