(function () {
  "use strict";
  var root = document.documentElement;
  var button = document.querySelector(".theme");
  function stored() { try { return localStorage.getItem("theme"); } catch (e) { return null; } }
  function dark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }
  function label() { button.textContent = dark() ? "Light" : "Dark"; }
  if (stored() === "dark" || stored() === "light") { root.dataset.theme = stored(); }
  button.hidden = false;
  button.addEventListener("click", function () {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch (e) { /* a page opened from disk may have no storage */ }
    label();
  });
  label();

  function key(cell) { return cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent.trim(); }
  function compare(a, b, sign) {
    if (a === "" || b === "") { return (a === "") - (b === ""); } /* undefined stays at the end either way */
    var x = Number(a), y = Number(b);
    return sign * (isNaN(x) || isNaN(y) ? a.localeCompare(b) : x - y);
  }
  document.querySelectorAll("table.sortable").forEach(function (table) {
    table.querySelectorAll("thead th").forEach(function (head, index) {
      var inner = document.createElement("button");
      while (head.firstChild) { inner.appendChild(head.firstChild); }
      inner.type = "button";
      head.appendChild(inner);
      head.setAttribute("aria-sort", "none");
      inner.addEventListener("click", function () {
        var up = head.getAttribute("aria-sort") !== "ascending";
        table.querySelectorAll("thead th").forEach(function (each) { each.setAttribute("aria-sort", "none"); });
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        var body = table.tBodies[0];
        Array.from(body.rows)
          .sort(function (a, b) { return compare(key(a.cells[index]), key(b.cells[index]), up ? 1 : -1); })
          .forEach(function (row) { body.appendChild(row); });
      });
    });
  });

  /* A box with data-browse: its selects (data-filter="task") hide the items whose data-task holds another value. */
  document.querySelectorAll("[data-browse]").forEach(function (box) {
    var items = Array.from(box.querySelectorAll("[data-item]"));
    var selects = Array.from(box.querySelectorAll("select[data-filter]"));
    var shown = box.querySelector("[data-shown]");
    function apply() {
      var count = 0;
      items.forEach(function (item) {
        var fits = selects.every(function (each) {
          return !each.value || (" " + item.dataset[each.dataset.filter] + " ").indexOf(" " + each.value + " ") >= 0;
        });
        item.hidden = !fits;
        count += fits ? 1 : 0;
      });
      if (shown) { shown.textContent = count + " of " + items.length; }
    }
    selects.forEach(function (each) { each.addEventListener("change", apply); });
    apply();
  });

  addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (each) { each.open = true; });
  });
})();
