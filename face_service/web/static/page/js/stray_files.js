/** Files that are dropped beside the places for them: the browser would leave the page for them. */

/** @param {Document} target */
export function keepFromLeaving(target) {
  for (const name of ["dragover", "drop"]) {
    target.addEventListener(name, (event) => {
      if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none"; // shown at the pointer: not here
    });
  }
}
