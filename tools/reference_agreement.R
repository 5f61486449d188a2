# References for agreement, repeated measures, stability and norms: R's own functions where R has them, else the published formulas
# written here a second time. Run from the repository's root:
#   Rscript tools/reference_agreement.R > tests/stats/reference_agreement.txt
# Needs r-base-core, r-cran-car, r-cran-mass, r-cran-quantreg, r-cran-psych (Debian).
suppressPackageStartupMessages({ library(car); library(MASS); library(quantreg); library(psych) })
options(digits = 17, contrasts = c("contr.sum", "contr.poly"))
set.seed(20261120, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

number <- function(x) ifelse(is.na(x), "nan", formatC(x, digits = 17, format = "g", width = 1))
case <- function(kind, name) cat("case", kind, name, "\n")
data <- function(name, x) cat("data", name, length(x), formatC(as.numeric(x), digits = 12, format = "g", width = 1), "\n")
want <- function(name, x) cat("want", name, number(as.numeric(x)), "\n")
done <- function() cat("end\n")
round6 <- function(x) signif(x, 6)

# ---- Bland and Altman -------------------------------------------------------------------------------------------------------------
nct_quantile <- function(p, df, ncp) {
  if (ncp < 20) return(qt(p, df, ncp))
  f <- function(t) integrate(function(u) exp(log(2) + df / 2 * log(df / 2) - lgamma(df / 2) + (df - 1) * log(u) - df * u^2 / 2) * pnorm(t * u - ncp),
                             max(0, 1 - 12 / sqrt(2 * df)), 1 + 12 / sqrt(2 * df), rel.tol = 1e-12, abs.tol = 1e-14, subdivisions = 2000)$value - p
  uniroot(f, c(ncp * 0.5, ncp * 2), tol = 1e-12)$root
}
bland_altman <- function(name, a, b, level = 0.95, percent = FALSE) {
  a <- round6(a); b <- round6(b)
  d <- a - b; m <- (a + b) / 2
  if (percent) d <- 100 * d / m
  n <- length(d); z <- qnorm((1 + level) / 2); tq <- qt((1 + level) / 2, n - 1); s <- sd(d)
  case("bland_altman", name); data("a", a); data("b", b); data("options", c(level, percent))
  test <- t.test(d, conf.level = level)
  want("bias", mean(d)); want("bias_low", test$conf.int[1]); want("bias_high", test$conf.int[2]); want("p", test$p.value); want("sd", s)
  want("lower", mean(d) - z * s); want("upper", mean(d) + z * s)
  near <- nct_quantile((1 - level) / 2, n - 1, z * sqrt(n)) / sqrt(n); far <- nct_quantile((1 + level) / 2, n - 1, z * sqrt(n)) / sqrt(n)
  want("upper_low", mean(d) + near * s); want("upper_high", mean(d) + far * s)
  want("lower_low", mean(d) - far * s); want("lower_high", mean(d) - near * s)
  half <- tq * s * sqrt(1 / n + z^2 / (2 * (n - 1)))
  want("approximate_low", mean(d) + z * s - half); want("approximate_high", mean(d) + z * s + half)
  fit <- lm(d ~ m); co <- coef(summary(fit)); ci <- confint(fit, level = level)
  want("intercept", co[1, 1]); want("slope", co[2, 1]); want("slope_low", ci[2, 1]); want("slope_high", ci[2, 2]); want("slope_p", co[2, 4])
  want("r", cor(m, d)); done()
}
truth <- function(n) rnorm(n, 820, 90)
for (n in c(3, 4, 5, 6, 8, 12, 18, 30, 100, 300, 480)) { x <- truth(n); bland_altman(paste0("normal_", n), x + rnorm(n, -10, 40), x) }
x <- round(truth(25), -1); bland_altman("tied", x + sample(c(-10, 0, 10, 20), 25, TRUE), x)
x <- truth(20); bland_altman("skewed", x + rexp(20, 1 / 30), x)
x <- truth(20); bland_altman("outlier", x + c(rnorm(19, 0, 10), 600), x)
x <- truth(40); bland_altman("proportional", 1.3 * x + rnorm(40, 0, 20), x)
x <- truth(16); bland_altman("level_99", x + rnorm(16, 5, 12), x, 0.99)
x <- truth(16); bland_altman("level_80", x + rnorm(16, 5, 12), x, 0.80)
x <- truth(22); bland_altman("percent", x * rnorm(22, 1.02, 0.03), x, percent = TRUE)
x <- rnorm(15, -3, 1); bland_altman("negative", x + rnorm(15, 0, 0.1), x)
x <- rnorm(15, 1.5e6, 2e5); bland_altman("large", x + rnorm(15, 0, 2e4), x)
x <- rnorm(30, 0.82, 0.1); bland_altman("small_unit", x + rnorm(30, -0.01, 0.065), x)

# ---- intraclass correlation and repeats -------------------------------------------------------------------------------------------
icc <- function(name, y, level = 0.95) {
  y <- matrix(round6(y), nrow(y)); n <- nrow(y); k <- ncol(y)
  long <- data.frame(v = as.vector(y), s = factor(rep(1:n, k)), r = factor(rep(1:k, each = n)))
  ms <- summary(aov(v ~ s + r, long))[[1]][["Mean Sq"]]; msr <- ms[1]; msc <- ms[2]; mse <- ms[3]
  case("icc", name); data("values", as.vector(t(y))); data("shape", c(n, k, level))
  want("ms_subjects", msr); want("ms_raters", msc); want("ms_error", mse)
  a1 <- (msr - mse) / (msr + (k - 1) * mse + k / n * (msc - mse)); c1 <- (msr - mse) / (msr + (k - 1) * mse)
  want("agreement", a1); want("consistency", c1)
  up <- 1 - (1 - level) / 2; f <- msr / mse
  fl <- f / qf(up, n - 1, (n - 1) * (k - 1)); fu <- f * qf(up, (n - 1) * (k - 1), n - 1)
  want("consistency_low", (fl - 1) / (fl + k - 1)); want("consistency_high", (fu - 1) / (fu + k - 1))
  aa <- k * a1 / (n * (1 - a1)); bb <- 1 + k * a1 * (n - 1) / (n * (1 - a1))
  v <- (aa * msc + bb * mse)^2 / ((aa * msc)^2 / (k - 1) + (bb * mse)^2 / ((n - 1) * (k - 1)))
  ql <- qf(up, n - 1, v); qh <- qf(up, v, n - 1)
  want("agreement_low", n * (msr - ql * mse) / (ql * (k * msc + (k * n - k - n) * mse) + n * msr))
  want("agreement_high", n * (qh * msr - mse) / (k * msc + (k * n - k - n) * mse + n * qh * msr))
  want("consistency_average", (msr - mse) / msr); want("agreement_average", (msr - mse) / (msr + (msc - mse) / n))
  want("f", f); want("p", pf(f, n - 1, (n - 1) * (k - 1), lower.tail = FALSE))
  if (n > k && level == 0.95) { # psych agrees with what is written above
    p <- ICC(y, lmer = FALSE)$results
    stopifnot(all.equal(p$ICC[2], a1, tolerance = 1e-9), all.equal(p$ICC[3], c1, tolerance = 1e-9))
    stopifnot(all.equal(p$`lower bound`[3], (fl - 1) / (fl + k - 1), tolerance = 1e-9))
  }
  sw2 <- mean(apply(y, 1, var)); df <- n * (k - 1)
  want("within_sd", sqrt(sw2)); want("within_low", sqrt(sw2 * df / qchisq(up, df))); want("within_high", sqrt(sw2 * df / qchisq(1 - up, df)))
  want("cv", if (all(rowMeans(y) > 0)) 100 * sqrt(mean(apply(y, 1, var) / rowMeans(y)^2)) else NaN)
  want("cv_of_mean", if (mean(y) > 0) 100 * sqrt(sw2) / mean(y) else NaN)
  want("repeatability", qnorm(up) * sqrt(2 * sw2)); done()
}
raters <- function(n, k, noise, bias = 0) outer(truth(n), rep(0, k), "+") + matrix(rnorm(n * k, 0, noise), n) + rep(rnorm(k, 0, bias), each = n)
# Shrout and Fleiss 1979, table 2.
sf <- matrix(c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7), ncol = 4, byrow = TRUE)
icc("shrout_fleiss", sf)
for (n in c(2, 3, 5, 10, 30, 120)) for (k in c(2, 3, 5)) icc(paste0("n", n, "_k", k), raters(n, k, 30, 15))
icc("no_agreement", matrix(rnorm(24), 12)); icc("tied", round(raters(15, 3, 20), -1)); icc("biased", raters(15, 2, 10, 200))
icc("level_90", raters(12, 3, 30), 0.90); icc("tight", raters(20, 2, 0.5)); icc("large", raters(9, 4, 30) * 1e4)

# ---- repeated measures ------------------------------------------------------------------------------------------------------------
repeated <- function(name, y) {
  y <- matrix(round6(y), nrow(y)); n <- nrow(y); k <- ncol(y)
  case("repeated", name); data("values", as.vector(t(y))); data("shape", c(n, k))
  long <- data.frame(v = as.vector(y), s = factor(rep(1:n, k)), m = factor(rep(1:k, each = n)))
  tab <- summary(aov(v ~ m + Error(s / m), long))[["Error: s:m"]][[1]]
  want("f", tab[1, "F value"]); want("p", tab[1, "Pr(>F)"])
  want("partial", tab[1, 2] / (tab[1, 2] + tab[2, 2])); want("generalised", tab[1, 2] / sum((y - mean(y))^2))
  S <- var(y); H <- diag(k) - 1 / k; D <- H %*% S %*% H; gg <- sum(diag(D))^2 / ((k - 1) * sum(D^2))
  hf <- (n * (k - 1) * gg - 2) / ((k - 1) * (n - 1 - (k - 1) * gg))
  if (n > k) {
    mlm <- lm(y ~ 1)
    if (k > 2) {
      adj <- summary(Anova(mlm, idata = data.frame(m = factor(1:k)), idesign = ~m, type = 3), multivariate = FALSE)$pval.adjustments
      stopifnot(abs(adj[1, "GG eps"] - gg) < 1e-9, abs(adj[1, "HF eps"] - hf) < 1e-9)
      m <- mauchly.test(mlm, X = ~1); W <- as.numeric(m$statistic); q <- k - 1; df <- n - 1
      # mauchly.test's second term has 3 * (k) where Anderson (1958, section 10.7) has 3 * (k - 1): the formula as printed there.
      rho <- 1 - (2 * q^2 + q + 2) / (6 * q * df); z <- -df * rho * log(W); f <- q * (q + 1) / 2 - 1
      term <- function(last) (q + 2) * (q - 1) * (q - 2) * (2 * q^3 + 6 * q^2 + 3 * last + 2) / (288 * (df * q * rho)^2)
      p_of <- function(w2) { a <- pchisq(z, f, lower.tail = FALSE); a + w2 * (pchisq(z, f + 4, lower.tail = FALSE) - a) }
      stopifnot(abs(p_of(term(k)) - m$p.value) < 1e-12) # R's value is the same but for that slip
      want("w", W); want("w_p", min(1, max(0, p_of(term(q)))))
    }
  }
  want("gg", gg); want("hf", hf)
  f <- tab[1, "F value"]
  want("p_gg", pf(f, (k - 1) * gg, (k - 1) * (n - 1) * gg, lower.tail = FALSE))
  if (is.finite(hf)) { e <- min(1, hf); want("p_hf", pf(f, (k - 1) * e, (k - 1) * (n - 1) * e, lower.tail = FALSE)) }
  p <- c(); i <- 0
  for (a in 1:(k - 1)) for (b in (a + 1):k) {
    t <- t.test(y[, a], y[, b], paired = TRUE); p <- c(p, t$p.value)
    want(paste0("t", i), t$statistic); want(paste0("p", i), t$p.value); want(paste0("low", i), t$conf.int[1]); want(paste0("high", i), t$conf.int[2])
    d <- y[, a] - y[, b]; want(paste0("d", i), mean(d) / sqrt((var(y[, a]) + var(y[, b])) / 2)); want(paste0("dz", i), mean(d) / sd(d)); i <- i + 1
  }
  holm <- p.adjust(p, "holm"); bonferroni <- p.adjust(p, "bonferroni")
  for (j in seq_along(p)) { want(paste0("holm", j - 1), holm[j]); want(paste0("bonferroni", j - 1), bonferroni[j]) }
  done()
}
methods <- function(n, k, noise, shift) matrix(rnorm(n, 0.86, 0.02), n, k) + matrix(rnorm(n * k, 0, noise), n) + rep(seq(0, shift, length.out = k), each = n)
for (n in c(3, 4, 6, 18, 40)) for (k in 2:5) repeated(paste0("n", n, "_k", k), methods(n, k, 0.01, 0.012))
repeated("unequal", methods(18, 3, 0.01, 0.01) + cbind(0, rnorm(18, 0, 0.05), rnorm(18, 0, 0.002)))
repeated("tied", round(methods(15, 3, 0.01, 0.02), 2)); repeated("equal_means", scale(methods(12, 3, 0.02, 0), scale = FALSE) + 5)
repeated("large", methods(10, 4, 0.02, 0.01) * 1e6); repeated("skewed", matrix(rexp(60), 20) + rexp(20))

# ---- stability --------------------------------------------------------------------------------------------------------------------
stability <- function(name, value, scanner, person, other) {
  value <- round6(value); other <- round6(other)
  case("stability", name); data("value", value); data("scanner", scanner); data("person", person); data("other", other)
  pools <- function(v) {
    s <- interaction(person, scanner, drop = TRUE, lex.order = TRUE)
    means <- tapply(v, s, mean); who <- tapply(person, s, function(x) x[1]); count <- tapply(v, s, length)
    within <- v - means[s]
    multi <- who %in% names(which(table(who) > 1))
    between <- means[multi] - tapply(means[multi], factor(who[multi]), mean)[as.character(who[multi])]
    list(within = as.numeric(within), between = as.numeric(between), sessions = length(means), count = count, multi = multi, twice = length(unique(who[multi])))
  }
  a <- pools(value); b <- pools(other); n <- length(value)
  df <- n - a$sessions
  if (df > 0) {
    want("within_sd", sd(a$within)); want("within_p50", quantile(abs(a$within), 0.5)); want("within_p95", quantile(abs(a$within), 0.95))
    ss <- sum(a$within^2)
    want("within_component", sqrt(ss / df)); want("within_low", sqrt(ss / qchisq(0.975, df))); want("within_high", sqrt(ss / qchisq(0.025, df)))
  }
  if (length(a$between) > 1) {
    want("between_sd", sd(a$between)); want("between_p50", quantile(abs(a$between), 0.5)); want("between_p95", quantile(abs(a$between), 0.95))
    if (df > 0) {
      v <- sum(a$between^2) / (length(a$between) - a$twice) - sum(a$within^2) / df * mean(1 / a$count[a$multi])
      want("between_component", sqrt(max(0, v)))
    }
  }
  compare <- function(label, x, y) {
    g <- factor(rep(1:2, c(length(x), length(y)))); v <- c(x, y)
    for (centre in c("mean", "median")) {
      away <- abs(v - ave(v, g, FUN = if (centre == "mean") mean else median))
      if (sum((away - ave(away, g))^2) < 1e-18 * sum(away^2)) next # nothing varies: no test
      l <- leveneTest(v, g, center = centre)
      want(paste0(label, "_", centre, "_f"), l[1, "F value"]); want(paste0(label, "_", centre, "_p"), l[1, "Pr(>F)"])
    }
    if (length(x) == length(y) && length(x) > 2) {
      r <- cor.test(x + y, x - y); want(paste0(label, "_pm_t"), r$statistic); want(paste0(label, "_pm_p"), r$p.value)
    }
  }
  if (df > 0) compare("within", a$within, b$within)
  if (length(a$between) > 1) {
    compare("between", a$between, b$between)
    r <- sd(a$between) / sd(b$between); m <- length(a$between) - 1
    want("ratio", r); want("ratio_low", r / sqrt(qf(0.975, m, m))); want("ratio_high", r / sqrt(qf(0.025, m, m)))
  }
  done()
}
phantom <- function(scanners, repeats, between, within, persons = 1, noise = 2) {
  d <- do.call(rbind, lapply(1:persons, function(p) do.call(rbind, lapply(1:scanners, function(s) data.frame(p = p, s = s, r = seq_len(max(1, repeats()))))))) 
  effect <- matrix(rnorm(persons * scanners, 0, between), persons); level <- rnorm(persons, 15, 1)
  v <- level[d$p] + effect[cbind(d$p, d$s)] + rnorm(nrow(d), 0, within)
  o <- level[d$p] + noise * effect[cbind(d$p, d$s)] + rnorm(nrow(d), 0, noise * within)
  list(v = v, s = d$s - 1, p = d$p - 1, o = o)
}
run <- function(name, d) stability(name, d$v, d$s, d$p, d$o)
for (s in c(2, 3, 5, 12, 30, 60)) run(paste0("scanners_", s), phantom(s, function() sample(3:5, 1), 0.28, 0.08))
for (s in c(4, 10)) run(paste0("singles_", s), phantom(s, function() sample(c(1, 1, 2, 4), 1), 0.28, 0.08))
for (p in c(2, 3, 6)) for (s in c(2, 4)) run(paste0("persons_", p, "_", s), phantom(s, function() sample(2:3, 1), 0.3, 0.1, p))
run("one_scanner", phantom(1, function() 8, 0.3, 0.1)); run("no_repeats", phantom(9, function() 1, 0.3, 0.1))
run("pairs", phantom(20, function() 2, 0.3, 0.1)); d <- phantom(10, function() 3, 0.3, 0.1); d$v <- round(d$v, 1); run("tied", d)
d <- phantom(8, function() 3, 0.3, 0.1); d$v <- d$v * 1e5; d$o <- d$o * 1e5; run("large", d)
d <- phantom(8, function() 3, 0, 0.1); run("no_scanner_effect", d); run("equal_methods", phantom(10, function() 3, 0.3, 0.1, 1, 1))
d <- phantom(7, function() 4, 0.3, 0.1); keep <- sample(length(d$v)); run("shuffled", lapply(d, function(x) x[keep]))

# ---- norms ------------------------------------------------------------------------------------------------------------------------
norm_case <- function(name, y, icv, age, male = NULL) {
  y <- round6(y); icv <- round6(icv); age <- round6(age)
  case("norm", name); data("value", y); data("icv", icv); data("age", age); if (!is.null(male)) data("male", male)
  d <- data.frame(y = y, u = (icv - mean(icv)) / sd(icv), v = (age - mean(age)) / sd(age)); d$male <- if (is.null(male)) 0 else male
  form <- if (is.null(male)) y ~ I(u^2) + I(v^2) + I(u * v) + u + v else y ~ I(u^2) + I(v^2) + I(u * v) + u + v + male
  first <- lm(form, d)
  persons <- rbind(c(mean(y) * 0.9, mean(icv), mean(age)), c(mean(y) * 1.05, mean(icv) * 1.05, mean(age) * 0.8), c(y[1], icv[1], age[1]))
  data("persons", as.vector(t(persons)))
  nd <- data.frame(u = (persons[, 2] - mean(icv)) / sd(icv), v = (persons[, 3] - mean(age)) / sd(age), male = if (is.null(male)) 0 else c(0, 1, male[1]))
  one <- function(label, fit, n) {
    pr <- predict(fit, nd, se.fit = TRUE); s <- summary(fit)$sigma
    want(paste0(label, "_sd"), sd(resid(fit))); want(paste0(label, "_sigma"), s); want(paste0(label, "_r2"), 1 - sum(resid(fit)^2) / sum((fit$model$y - mean(fit$model$y))^2))
    want(paste0(label, "_leverage"), max(hatvalues(fit)))
    for (i in 1:3) {
      t <- (persons[i, 1] - pr$fit[i]) / sqrt(pr$se.fit[i]^2 + s^2)
      want(paste0(label, "_expected", i - 1), pr$fit[i]); want(paste0(label, "_t", i - 1), t); want(paste0(label, "_p", i - 1), 2 * pt(-abs(t), fit$df.residual))
      want(paste0(label, "_percentile", i - 1), 100 * pt(t, fit$df.residual)); want(paste0(label, "_z", i - 1), (persons[i, 1] - pr$fit[i]) / sd(resid(fit)))
      want(paste0(label, "_c10_", i - 1), pr$fit[i] + qt(0.1, fit$df.residual) * sqrt(pr$se.fit[i]^2 + s^2))
    }
  }
  one("one", first)
  q <- quantile(resid(first), c(0.25, 0.75)); keep <- resid(first) >= q[1] - 1.5 * diff(q) & resid(first) <= q[2] + 1.5 * diff(q)
  want("outliers", sum(!keep)); second <- lm(form, d[keep, ]); one("two", second)
  # the paper's coefficients, by exact substitution in a fit to raw predictors
  raw <- lm(if (is.null(male)) y ~ I(icv^2) + I(age^2) + I(icv * age) + icv + age else y ~ I(icv^2) + I(age^2) + I(icv * age) + icv + age + male, d, tol = 1e-14)
  names <- c("I(icv^2)", "I(age^2)", "I(icv * age)", "icv", "age", "(Intercept)", "male")
  for (j in seq_along(names)) if (names[j] %in% names(coef(raw))) want(paste0("raw", j - 1), coef(raw)[[names[j]]])
  X <- model.matrix(first)
  for (psi in c("huber", "bisquare")) {
    f <- try(rlm(X, y, psi = if (psi == "huber") psi.huber else psi.bisquare, init = "ls", scale.est = "MAD", maxit = 5000, acc = 1e-14), silent = TRUE)
    if (!inherits(f, "try-error") && f$converged) {
      want(paste0(psi, "_scale"), median(abs(resid(f))) / 0.6745)
      for (i in 1:3) want(paste0(psi, "_expected", i - 1), sum(c(1, nd$u[i]^2, nd$v[i]^2, nd$u[i] * nd$v[i], nd$u[i], nd$v[i], if (is.null(male)) NULL else nd$male[i]) * coef(f)))
    }
  }
  for (tau in c(0.025, 0.05, 0.25, 0.5, 0.9)) {
    f <- suppressWarnings(rq.fit.br(X, y, tau = tau)); r <- y - X %*% f$coefficients
    want(paste0("rq", tau), sum(r * (tau - (r < 0))))
  }
  done()
}
cohort <- function(n, sd = 0.88, extra = 0) {
  age <- runif(n, 20, 90); icv <- rnorm(n, 1520, 140)
  y <- 15 + 0.006 * (icv - 1520) - 0.02 * (age - 50) - 0.0004 * (age - 50)^2 + 1e-6 * (icv - 1520)^2 + rnorm(n, 0, sd)
  if (extra > 0) { w <- sample(n, extra); y[w] <- y[w] + sample(c(-8, 8), extra, TRUE) }
  list(y = y, icv = icv, age = age)
}
for (n in c(14, 16, 20, 30, 50, 80, 120, 200)) { d <- cohort(n); norm_case(paste0("n", n), d$y, d$icv, d$age) }
for (n in c(30, 60, 150)) { d <- cohort(n, extra = ceiling(n / 15)); norm_case(paste0("outliers_", n), d$y, d$icv, d$age) }
for (n in c(20, 60)) { d <- cohort(n); norm_case(paste0("whole_years_", n), d$y, round(d$icv, -1), floor(d$age)) }
for (n in c(24, 70)) { d <- cohort(n); male <- rbinom(n, 1, 0.5); norm_case(paste0("sex_", n), d$y + 0.3 * male, d$icv, d$age, male) }
d <- cohort(40); norm_case("mm3", d$y * 1000, d$icv * 1000, d$age); d <- cohort(40); norm_case("skewed", d$y + rexp(40), d$icv, d$age)
d <- cohort(40); norm_case("tied", round(d$y, 1), d$icv, d$age); d <- cohort(40, 1e-3); norm_case("tight", d$y, d$icv, d$age)
d <- cohort(40); norm_case("narrow_ages", d$y, d$icv, 60 + (d$age - 50) / 20); d <- cohort(45); norm_case("heavy_tails", d$y + rt(45, 2), d$icv, d$age)

# ---- shares -----------------------------------------------------------------------------------------------------------------------
for (n in c(1, 2, 5, 20, 127, 1000)) for (k in unique(c(0, 1, n %/% 4, n %/% 2, n))) if (k <= n) {
  b <- binom.test(k, n)$conf.int; case("share", paste0(k, "_of_", n)); data("k", c(k, n)); want("low", b[1]); want("high", b[2]); done()
}
