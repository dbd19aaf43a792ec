// Score pages with Lighthouse in one browser: reads {"pages": [...], "profiles": {...},
// "categories": [...], "browser": path} from standard input, writes a line of JSON a page and
// profile as soon as it is scored.
import { readFileSync } from "node:fs";
import * as chromeLauncher from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const asked = JSON.parse(readFileSync(0, "utf8"));
const chrome = await chromeLauncher.launch({
  chromePath: asked.browser || undefined,
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const options = {
  port: chrome.port,
  output: "json",
  logLevel: "error",
  onlyCategories: asked.categories,
  disableFullPageScreenshot: true,
};
try {
  for (const page of asked.pages) {
    for (const profile of asked.profiles) {
      const config = profile === "desktop" ? desktopConfig : undefined;
      const { lhr } = await lighthouse(page, options, config);
      const scores = asked.categories.map((name) => [name, lhr.categories[name].score]);
      const missed = Object.values(lhr.audits).filter((audit) => audit.score !== null && audit.score < 0.9);
      const error = lhr.runtimeError?.message;
      console.log(JSON.stringify({
        page, profile, error, scores: Object.fromEntries(scores), missed: missed.map((audit) => audit.id),
      }));
    }
  }
} finally {
  await chrome.kill();
}
