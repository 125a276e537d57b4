// The theme gives the arrows of its list of pages no name that a screen reader could say.
for (const arrow of document.querySelectorAll("summary > .toctree-toggle"))
  arrow.parentElement.setAttribute("aria-label", "Pages of this part");
// Sphinx writes the parameters of a long signature as a list of terms that it gives no terms.
for (const list of document.querySelectorAll("dt.sig > dl")) {
  list.setAttribute("role", "list");
  for (const one of list.children) one.setAttribute("role", "listitem");
}
