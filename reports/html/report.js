"use strict";
(() => {
  const root = document.documentElement;
  const form = document.getElementById("filter");
  const fields = ["query", "status", "severity", "since-last", "state", "application"].map((id) => document.getElementById(id)).filter(Boolean);
  const count = document.getElementById("count");
  const unfold = document.getElementById("unfold");
  const rows = [];       // applications with their findings; texts are read when the first filter asks for them
  let indexed = false;

  for (const section of document.querySelectorAll("#applications > .application, #applications > .loose")) {
    rows.push({
      section, id: section.dataset.application || "", state: section.dataset.state || "",
      findings: [...section.querySelectorAll(".finding")],
    });
  }

  function index() {
    if (indexed) return;
    indexed = true;
    for (const row of rows) {
      row.findings = row.findings.map((element) => ({
        element, status: element.dataset.status, severity: element.dataset.severity, since: element.dataset.since,
        text: (element.textContent + " " + element.dataset.rule).toLowerCase(),
      }));
      const summary = row.section.querySelector(":scope > summary, :scope > .heading");
      const traits = row.section.querySelector(".traits");
      const certificates = row.section.querySelector(".certificates");
      const access = row.section.querySelector(".access");
      row.name = [summary, traits, certificates, access].map((e) => (e ? e.textContent : "")).join(" ").toLowerCase();
      row.others = [...row.section.querySelectorAll(".step, .part, .folded, .scroll, .portal, .changes, .access")];
      row.steps = [...row.section.querySelectorAll(".step")];
    }
  }

  function state() {
    const values = {};
    for (const field of fields) if (field.value.trim()) values[field.id === "query" ? "q" : field.id] = field.value.trim();
    return values;
  }

  function apply(fromAddress) {
    const wanted = state();
    const words = (wanted.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    const kind = wanted.status || wanted.severity || wanted["since-last"];
    const narrow = Boolean(kind || words.length);
    if (narrow || wanted.application || wanted.state || indexed) index();
    let findings = 0, applications = 0;
    for (const row of rows) {
      if (!indexed) break;
      let shown = (!wanted.application || row.id === wanted.application) && (!wanted.state || row.state === wanted.state);
      if (shown && narrow) {
        const named = words.length > 0 && words.every((word) => row.name.includes(word));
        let hits = 0;
        for (const f of row.findings) {
          const hit = (!wanted.status || f.status === wanted.status)
            && (!wanted.severity || f.severity === wanted.severity)
            && (!wanted["since-last"] || f.since === wanted["since-last"])
            && (named || words.every((word) => f.text.includes(word) || row.name.includes(word)));
          f.element.hidden = !hit;
          if (hit) hits += 1;
        }
        shown = hits > 0 || (named && !kind);
        findings += hits;
        if (shown) {
          for (const other of row.others) other.hidden = !(named && !kind);
          for (const step of row.steps) step.hidden = !step.querySelector(".finding:not([hidden])") && !(named && !kind);
        }
      } else if (shown) {
        for (const f of row.findings) f.element.hidden = false;
        for (const other of row.others) other.hidden = false;
        findings += row.findings.length;
      }
      row.section.hidden = !shown;
      if (shown) applications += 1;
    }
    count.textContent = narrow || wanted.application || wanted.state ? `${findings.toLocaleString("en")} findings in ${applications.toLocaleString("en")} applications` : "";
    if (!fromAddress) {
      const text = new URLSearchParams(wanted).toString();
      history.replaceState(null, "", text ? "#" + text : "#applications");
    }
  }

  function open(element) {
    for (let e = element; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
  }

  function follow() {
    const text = location.hash.slice(1);
    if (form && text.includes("=")) {
      const values = new URLSearchParams(text);
      for (const field of fields) field.value = values.get(field.id === "query" ? "q" : field.id) || "";
      apply(true);
      if (!document.activeElement || !form.contains(document.activeElement)) document.getElementById("applications").scrollIntoView();
      return;
    }
    const target = text && document.getElementById(text);
    if (!target) return;
    if (form && target.closest("[hidden]")) { form.reset(); apply(true); }
    open(target);
    target.scrollIntoView();
  }

  // The rule's guidance stands once in the page; a finding that is opened shows a copy of it.
  document.addEventListener("toggle", (event) => {
    const finding = event.target;
    if (!(finding instanceof HTMLElement) || !finding.open || !finding.matches(".finding")) return;
    const place = finding.querySelector(":scope > .body > .fix");
    const guide = place && document.getElementById("rule-" + encodeURIComponent(place.dataset.guide).replaceAll("%", "_"));
    if (!guide) return;
    const copy = guide.querySelector(".guide").cloneNode(true);
    for (const block of copy.querySelectorAll("pre")) block.previousElementSibling.append(copyButton(block));
    place.replaceWith(copy);
  }, true);

  function copyButton(block) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(block.textContent); button.textContent = "Copied"; }
      catch { getSelection().selectAllChildren(block); button.textContent = "Selected"; }
    });
    return button;
  }

  if (form) {
    let pending = 0;
    form.addEventListener("input", () => { cancelAnimationFrame(pending); pending = requestAnimationFrame(() => apply(false)); });
    form.addEventListener("reset", () => setTimeout(() => apply(false)));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
  }
  if (unfold) unfold.addEventListener("click", () => {
    const unfolding = unfold.textContent === "Unfold all";
    for (const row of rows) if (!row.section.hidden) row.section.open = unfolding;
    unfold.textContent = unfolding ? "Fold all" : "Unfold all";
  });
  addEventListener("hashchange", follow);
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && form) { event.preventDefault(); fields[0].focus(); }
    if (event.key === "Escape" && form && event.target === fields[0]) { form.reset(); }
  });
  addEventListener("beforeprint", () => { for (const e of document.querySelectorAll("details.application")) e.open = true; });

  const theme = document.getElementById("theme");
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
  label();
  theme.hidden = false;
  follow();
  if (form) (window.requestIdleCallback || setTimeout)(index);
})();
