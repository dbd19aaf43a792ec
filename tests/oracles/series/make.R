# Write what R finds on two published series with a break: lines with Newey-West errors, ARIMA errors,
# and unobserved levels, to be held against `interrupted_time_series`.
#
#     Rscript tests/oracles/series/make.R       # R with the packages sandwich and nlme; seconds
#
# Writes nile.csv, drivers.csv (the series), r.csv (quantity by quantity) and versions.csv. Run from
# the top folder.
#
# A random walk level observed with noise is, in first differences, a moving average of order one;
# an unknown starting level drops out, and coefficients with flat priors are those of restricted
# maximum likelihood. So generalised least squares of the differences (nlme::gls, REML) is the same
# model as a diffuse local level with the change as a regression, by other means: the intercept of
# the differences is the drift.

library(sandwich)
library(nlme)

here <- file.path("tests", "oracles", "series")
series <- list(
  # Flow at Aswan, 1871-1970; works on the first dam began in 1899.
  nile = list(y = as.numeric(datasets::Nile), first = 28),
  # Log of car drivers killed or seriously injured, January 1969 to December 1984; law of February 1983.
  drivers = list(y = log(as.numeric(datasets::Seatbelts[, "drivers"])), first = 169)
)
rows <- list()
add <- function(series, model, change, name, estimate, error) {
  rows[[length(rows) + 1]] <<- data.frame(series, model, change, name, estimate, error)
}

for (name in names(series)) {
  y <- series[[name]]$y
  n <- length(y)
  time <- seq_len(n) - 1 - series[[name]]$first
  after <- as.numeric(time >= 0)
  write.csv(data.frame(time = seq_len(n) - 1, value = signif(y, 15)),
            file.path(here, paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
  for (change in c("level", "level_and_slope")) {
    loads <- cbind(level = after, slope = after * time)
    if (change == "level") loads <- loads[, "level", drop = FALSE]
    # The mean of the change over the times after.
    mean_load <- colMeans(loads[after == 1, , drop = FALSE])
    both <- function(model, beta, covariance) {
      for (j in seq_along(beta)) {
        add(name, model, change, colnames(loads)[j], beta[j], sqrt(covariance[j, j]))
      }
      overall <- sum(mean_load * beta)
      add(name, model, change, "overall", overall, sqrt(drop(mean_load %*% covariance %*% mean_load)))
    }
    fit <- lm(y ~ time + loads)
    at <- 2 + seq_len(ncol(loads))
    for (lags in c(1, 3, 12)) {
      v <- NeweyWest(fit, lag = lags, prewhite = FALSE, adjust = TRUE)
      both(paste("segmented", lags), coef(fit)[at], v[at, at, drop = FALSE])
    }
    arma <- list(c(1, 0, 0), c(2, 0, 0), c(1, 0, 1))
    for (order in arma) {
      label <- paste("arima", paste(order, collapse = "-"))
      x <- cbind(time = time, loads)
      a <- arima(y, order = order, xreg = x, method = "ML", optim.control = list(reltol = 1e-14, maxit = 5000))
      keep <- tail(seq_along(coef(a)), ncol(loads))
      both(label, coef(a)[keep], a$var.coef[keep, keep, drop = FALSE])
      add(name, paste("arima", paste(order, collapse = "-")), change, "log likelihood", a$loglik, NA)
    }
    d <- data.frame(dy = diff(y), one = 1)
    dx <- apply(loads, 2, diff)
    colnames(dx) <- colnames(loads)
    d <- cbind(d, dx)
    terms <- paste(colnames(loads), collapse = " + ")
    for (trend in c("local level", "local level with drift")) {
      mean_part <- if (trend == "local level") "dy ~ 0 +" else "dy ~ 1 +"
      g <- gls(as.formula(paste(mean_part, terms)), data = d, method = "REML",
               correlation = corARMA(value = -0.5, p = 0, q = 1, form = ~ 1),
               control = glsControl(tolerance = 1e-12, msTol = 1e-14, opt = "optim", maxIter = 500, msMaxIter = 500))
      both(trend, coef(g)[colnames(loads)], vcov(g)[colnames(loads), colnames(loads), drop = FALSE])
      theta <- coef(g$modelStruct$corStruct, unconstrained = FALSE)
      add(name, trend, change, "moving average", theta, NA)
    }
  }
}
told <- do.call(rbind, rows)
told$estimate <- signif(told$estimate, 12)
told$error <- signif(told$error, 12)
write.csv(told, file.path(here, "r.csv"), row.names = FALSE, quote = FALSE)
packages <- c("sandwich", "nlme")
write.csv(data.frame(package = c("R", packages),
                     version = c(as.character(getRversion()), sapply(packages, function(p) as.character(packageVersion(p))))),
          file.path(here, "versions.csv"), row.names = FALSE, quote = FALSE)
