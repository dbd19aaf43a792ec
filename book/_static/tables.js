/* Tables of class "interactive": sort by a column, filter the rows, take them along as CSV.
   Without this script the same tables stand there whole. */
"use strict";
(() => {
  const WORDS = {
    en: { filter: "Filter rows", all: "all", none: "(none)", more: "More filters", csv: "Download CSV", rows: (n, of) => `${n} of ${of} rows` },
    zh: { filter: "筛选", all: "全部", none: "（空）", more: "更多筛选", csv: "下载 CSV", rows: (n, of) => `共 ${of} 行，显示 ${n} 行` },
  };
  const words = WORDS[document.documentElement.lang.split("-")[0]] ?? WORDS.en;
  const MOST_CHOICES = 8;
  const FEW_ROWS = 6;

  const text = (cell) => {
    const summary = cell.querySelector("summary");
    return (summary ?? cell).textContent.trim();
  };
  const number = (value) => {
    const plain = value.replace(/[\s,%]/g, "").replace("\u2212", "-");
    return plain !== "" && !Number.isNaN(Number(plain)) ? Number(plain) : null;
  };
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.append(...children);
    return element;
  };
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (x !== null && y !== null) return x - y;
    if ((a === "") !== (b === "")) return a === "" ? 1 : -1;
    return a.localeCompare(b, undefined, { numeric: true });
  };
  const quoted = (value) => {
    const safe = /^[=+\-@\t\r]/.test(value) && number(value) === null ? `'${value}` : value;
    return `"${safe.replaceAll('"', '""')}"`;
  };

  const addSorting = (table, body) => {
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, column) => {
      const button = make("button", { type: "button", class: "sort" }, ...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const down = header.getAttribute("aria-sort") === "ascending";
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", down ? "descending" : "ascending");
        const sign = down ? -1 : 1;
        const rows = [...body.rows];
        rows.sort((a, b) => sign * compare(text(a.cells[column]), text(b.cells[column])));
        body.append(...rows);
      });
    });
    return headers.map((header) => header.textContent.trim());
  };

  const choices = (body, column) => {
    const values = [...new Set([...body.rows].map((row) => text(row.cells[column])))].sort();
    const few = values.length > 1 && values.length <= MOST_CHOICES && body.rows.length > values.length;
    return few && values.every((value) => value.length < 40) ? values : [];
  };

  const enhance = (table) => {
    const body = table.tBodies[0];
    const names = addSorting(table, body);
    if (body.rows.length < FEW_ROWS) return;
    const search = make("input", { type: "search", autocomplete: "off" });
    const frame = table.closest(".table-frame") ?? table;
    const kept = frame.previousElementSibling; // the page keeps a place, so that nothing moves
    const controls = kept?.matches("div.table-controls:empty") ? kept : make("div", { class: "table-controls" });
    const more = make("details", { class: "more" }, make("summary", {}, words.more));
    controls.append(make("label", {}, `${words.filter} `, search));
    const selects = [];
    names.forEach((name, column) => {
      const values = choices(body, column);
      if (values.length === 0) return;
      const select = make("select", {}, make("option", { value: "" }, words.all));
      values.forEach((value) => select.append(make("option", { value: `=${value}` }, value || words.none)));
      selects.push([select, column]);
      more.append(make("label", {}, `${name} `, select));
    });
    if (selects.length > 0) controls.append(more);
    const status = make("span", { role: "status" });
    const download = make("button", { type: "button", class: "download" }, words.csv);
    controls.append(download, status);

    const shows = (row) =>
      row.textContent.toLowerCase().includes(search.value.trim().toLowerCase()) &&
      selects.every(([select, column]) => !select.value || `=${text(row.cells[column])}` === select.value);
    const filter = () => {
      const rows = [...body.rows];
      rows.forEach((row) => { row.hidden = !shows(row); });
      status.textContent = words.rows(rows.filter((row) => !row.hidden).length, rows.length);
    };
    search.addEventListener("input", filter);
    selects.forEach(([select]) => select.addEventListener("change", filter));
    download.addEventListener("click", () => {
      const rows = [...body.rows].filter((row) => !row.hidden);
      const lines = [names, ...rows.map((row) => [...row.cells].map(text))];
      const csv = "\ufeff" + lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
      const link = make("a", {
        href: `data:text/csv;charset=utf-8,${encodeURIComponent(csv)}`,
        download: `${document.title.split(" \u2014 ")[0].replace(/\W+/g, "-").toLowerCase()}.csv`,
      });
      link.click();
    });
    if (controls !== kept) frame.before(controls);
    filter();
  };

  /* Sections and long tables above a target are laid out when they come near the screen, and move it
     then: for a few frames after the jump, never later, when the reader has gone on. */
  const bring = (target, frames, held) => {
    const top = () => target.getBoundingClientRect().top;
    if (held === undefined || Math.abs(top() - held) > 1) target.scrollIntoView();
    const now = top();
    if (frames > 0) requestAnimationFrame(() => bring(target, frames - 1, now));
  };

  const openTarget = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const details = target.closest("details");
    for (let around = details; around; around = around.parentElement.closest("details")) around.open = true;
    bring(details ?? target, 20);
  };

  /* A table at a time, when the reader is not waiting for anything else. */
  const idle = window.requestIdleCallback ?? setTimeout;
  const enhanceAll = (tables) => {
    if (tables.length === 0) return;
    enhance(tables[0]);
    idle(() => enhanceAll(tables.slice(1)));
  };

  document.addEventListener("DOMContentLoaded", () => {
    openTarget();
    idle(() => enhanceAll([...document.querySelectorAll("table.interactive")]));
  });
  addEventListener("hashchange", openTarget);
})();
