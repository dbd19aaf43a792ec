# Write what R finds, threshold by threshold and from the rows, for shares, percentiles and their errors, to be
# held against `share_within` and `distribution`.
#
#     Rscript tests/oracles/distribution/make.R       # R with the package sandwich; under a minute
#
# Reads rows.csv (made by rows.py), writes shares.csv, percentiles.csv and versions.csv. Run from the top folder.

library(sandwich)

here <- file.path("tests", "oracles", "distribution")
rows <- read.csv(file.path(here, "rows.csv"))
rows$treated <- as.numeric(!is.na(rows$first) & rows$month >= rows$first)
edges <- exp(log(1) + log(1000 / 1) / 90 * 0:90)

# The share of rows below a limit, regressed on treatment with zone and month effects: one row a declaration.
below <- function(limit, strict) {
  rows$y <<- as.numeric(if (strict) rows$hours < limit else rows$hours <= limit)
  lm(y ~ treated + factor(zone) + factor(month), data = rows)
}
shares <- NULL
for (limit in c(12, 24, 48, 96)) {
  fit <- below(limit, strict = FALSE)
  v <- vcovCL(fit, cluster = ~ zone, type = "HC1", cadjust = TRUE)
  shares <- rbind(shares, data.frame(limit, effect = 100 * coef(fit)["treated"],
                                     error = 100 * sqrt(v["treated", "treated"])))
}
write.csv(signif(shares, 12), file.path(here, "shares.csv"), row.names = FALSE)

# Effects on the share below every edge, hence the distribution treated rows would have had, put in
# rising order and turned round by R's own interpolation, in logarithms.
effect <- sapply(edges, function(edge) coef(below(edge, strict = TRUE))["treated"])
own <- rows$hours[rows$treated == 1]
observed <- sapply(edges, function(edge) mean(own < edge))
turned <- function(share, p) exp(approx(sort(share), log(edges), xout = p, ties = "ordered")$y)
p <- c(0.25, 0.5, 0.75, 0.9)
write.csv(signif(data.frame(probability = p, observed = turned(observed, p),
                            counterfactual = turned(observed - effect, p),
                            rows = unname(quantile(own, p, type = 7))), 12),
          file.path(here, "percentiles.csv"), row.names = FALSE)
write.csv(data.frame(package = c("R", "sandwich"),
                     version = c(as.character(getRversion()), as.character(packageVersion("sandwich")))),
          file.path(here, "versions.csv"), row.names = FALSE, quote = FALSE)
