/* Of the board's one HTML element: clicks on links and heads become events; the address follows what is shown. */
function address() {
  var root = element.querySelector(".board");
  if (!root) { return; }
  var query = root.getAttribute("data-query");
  var theme = new URLSearchParams(location.search).get("__theme");
  var full = [query, theme ? "__theme=" + encodeURIComponent(theme) : ""].filter(Boolean).join("&");
  history.replaceState(null, "", location.pathname + (full ? "?" + full : ""));
}
element.addEventListener("click", function (event) {
  var link = event.target.closest("[data-go]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
  event.preventDefault();
  trigger("click", { query: link.getAttribute("data-go") });
});
watch("value", address);
