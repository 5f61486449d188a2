# Makes tests/stats/reference_{samples,results}.tsv: data sets and what base R says about them, to 17 digits.
# Run in the repository's root: Rscript tools/reference_stats.R
# Where base R has no function (Dunn, rank-biserial, intervals of d, eta squared) the formula is written out here, apart from the C.
options(digits = 17, warn = 1)
set.seed(20231206)
samples <- list(); results <- list()
# 15 digits where they read back as the same number, else 17
fmt <- function(v) vapply(v, function(x) { if (is.na(x)) return("NA"); s <- sprintf("%.15g", x); if (as.numeric(s) == x) s else sprintf("%.17g", x) }, "", USE.NAMES = FALSE)
put_sample <- function(set, name, v) samples[[length(samples) + 1]] <<- c(set, name, paste(fmt(v), collapse = " "))
put <- function(set, ...) {
  v <- list(...)
  for (name in names(v)) if (!is.null(v[[name]])) results[[length(results) + 1]] <<- c(set, name, if (is.character(v[[name]])) v[[name]] else fmt(as.numeric(v[[name]])))
}
attempt <- function(expr) tryCatch(suppressWarnings(expr), error = function(e) NULL)
drop_na <- function(v) v[!is.na(v)]

# --- intervals that base R does not have
ncp_t <- function(t, df, p) uniroot(function(d) pt(t, df, d) - p, c(t - 8, t + 8), extendInt = "downX", tol = 1e-14)$root
pf_nc <- function(f, a, b, l) { j <- max(0, floor(l / 2 - 15 * sqrt(l / 2) - 60)):ceiling(l / 2 + 15 * sqrt(l / 2) + 60); sum(dpois(j, l / 2) * pbeta(a * f / (a * f + b), a / 2 + j, b / 2)) }
ncp_f <- function(f, a, b, p) if (pf_nc(f, a, b, 0) <= p) 0 else
  uniroot(function(l) pf_nc(f, a, b, l) - p, c(0, a * f * 2 + 20), extendInt = "downX", tol = 1e-13)$root
# ptukey is good to 1e-4 only with few degrees of freedom; at infinite ones it is good to 1e-12, and this is its definition from there.
range_upper <- function(q, k, df) integrate(function(s) ptukey(q * s, k, Inf, lower.tail = FALSE) * 2 * df * s * dchisq(df * s^2, df), 0, if (df < 30) Inf else 3, rel.tol = 1e-11, subdivisions = 5000L)$value
fisher <- function(r, se) if (abs(r) < 1) tanh(atanh(r) + c(-1, 1) * qnorm(0.975) * se) else c(NA, NA)

# --- two samples
both <- list(
  tiny = list(c(1.2, 3.4, 2.2), c(4.1, 5.7, 3.9)),
  four_six = list(round(rnorm(4, 10, 2), 3), round(rnorm(6, 12, 2), 3)),
  two_two = list(c(812.5, 830.25), c(790.125, 801.5)),
  volumes_small = list(round(rnorm(15, 775, 62), 1), round(rnorm(15, 863, 66), 1)),
  volumes_large = list(round(rnorm(411, 823, 84), 2), round(rnorm(107, 852, 77), 2)),
  pls = list(rnorm(46, 818, 73), rnorm(107, 852, 77)),
  tied = list(round(rnorm(20, 8, 1.5)), round(rnorm(25, 9, 1.5))),
  heavily_tied = list(c(1, 1, 1, 2, 2, 2, 2, 3), c(1, 2, 2, 2, 3, 3, 3, 3, 3)),
  scores = list(sample(30:48, 40, TRUE), sample(25:48, 60, TRUE)),
  skewed = list(rlnorm(30, 1, 0.9), rlnorm(35, 1.3, 0.9)),
  very_skewed = list(rlnorm(60, 0, 2), rlnorm(12, 0.5, 2)),
  exponential = list(rexp(18), rexp(49, 0.7)),
  missing = list({ v <- rnorm(20, 5); v[c(3, 9, 20)] <- NA; v }, { v <- rnorm(14, 5.5); v[1] <- NA; v }),
  unbalanced = list(rnorm(4, 100, 15), rnorm(150, 110, 15)),
  unequal_variance = list(rnorm(25, 0, 1), rnorm(10, 1, 12)),
  offset = list(1e6 + rnorm(30), 1e6 + 0.4 + rnorm(30)),
  small_scale = list(1e-7 * rnorm(12, 3), 1e-7 * rnorm(13, 4)),
  negative = list(-rgamma(22, 2), -rgamma(19, 3)),
  far_apart = list(rnorm(12, 0), rnorm(14, 9)),
  same = list(c(1, 2, 3, 4, 5, 6, 7), c(1, 2, 3, 4, 5, 6, 7)),
  nearly_constant = list(c(5, 5, 5, 5, 5, 5, 5, 6), c(5, 5, 5, 7, 5, 5)),
  one_constant = list(rep(4, 6), c(3.5, 4.25, 4.75, 5, 5.5)),
  constant = list(rep(7, 5), rep(7, 6)),
  constant_apart = list(rep(7, 5), rep(8, 6)),
  forty_nine = list(rnorm(49), rnorm(49, 0.3)),
  fifty = list(rnorm(50), rnorm(20, 0.3)),
  cauchy = list(rcauchy(25), rcauchy(25, 1)),
  uniform = list(runif(100), runif(80, 0.1, 1.1)),
  bimodal = list(c(rnorm(20, -3), rnorm(20, 3)), rnorm(30)),
  outlier = list(c(rnorm(20, 50, 3), 120), rnorm(22, 52, 3)))
for (name in names(both)) {
  set <- paste0("two_", name); x0 <- both[[name]][[1]]; y0 <- both[[name]][[2]]
  put_sample(set, "a", x0); put_sample(set, "b", y0)
  x <- drop_na(x0); y <- drop_na(y0); n1 <- length(x); n2 <- length(y)
  for (s in c("a", "b")) {
    v <- if (s == "a") x else y
    q <- quantile(v, c(0.025, 0.25, 0.5, 0.75, 0.9))
    w <- attempt(shapiro.test(v)); m <- mean(v)
    skew <- if (length(v) >= 3 && var(v) > 0) mean((v - m)^3) / mean((v - m)^2)^1.5 else NA
    r <- list(mean = m, sd = sd(v), q025 = q[1], q1 = q[2], median = q[3], q3 = q[4], q90 = q[5], iqr = IQR(v), skewness = skew,
              outliers = sum(v < q[2] - 1.5 * IQR(v) | v > q[4] + 1.5 * IQR(v)),
              shapiro_w = if (is.null(w)) "error" else w$statistic, shapiro_p = if (is.null(w)) "error" else w$p.value)
    names(r) <- paste0(s, "_", names(r)); do.call(put, c(list(set), r))
  }
  for (kind in c("student", "welch")) {
    t <- attempt(t.test(x, y, var.equal = kind == "student"))
    r <- if (is.null(t)) list(t = "error") else list(t = t$statistic, df = t$parameter, p = t$p.value, estimate = mean(x) - mean(y), low = t$conf.int[1], high = t$conf.int[2])
    names(r) <- paste0(kind, "_", names(r)); do.call(put, c(list(set), r))
  }
  t <- attempt(t.test(x, y, var.equal = TRUE))
  if (!is.null(t)) {
    scale <- sqrt(1 / n1 + 1 / n2); df <- n1 + n2 - 2; tv <- unname(t$statistic)
    pooled <- sqrt(((n1 - 1) * var(x) + (n2 - 1) * var(y)) / df)
    d <- (mean(x) - mean(y)) / pooled; j <- exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)
    lo <- scale * ncp_t(tv, df, 0.975); hi <- scale * ncp_t(tv, df, 0.025)
    put(set, d = d, d_low = lo, d_high = hi, g = d * j, g_low = lo * j, g_high = hi * j)
  }
  put(set, percent = 100 * (mean(x) - mean(y)) / mean(y))
  # all.equal values make R's sigma 0 and its p NaN: an error for us
  w <- attempt(wilcox.test(x, y, conf.int = FALSE))
  if (is.null(w) || is.nan(w$p.value)) put(set, mw_w = "error") else {
    ties <- any(duplicated(c(x, y))); exact <- n1 < 50 && n2 < 50 && !ties
    put(set, mw_w = w$statistic, mw_p = w$p.value, mw_estimate = median(outer(x, y, "-")), mw_exact = as.numeric(exact))
    within <- function(v) sum(table(v)^3 - table(v)); n <- n1 + n2
    sigma <- sqrt(n1 * n2 / 12 * (n + 1 - (within(x) + within(y)) / (n * (n - 1))))
    reachable <- if (exact) 2 * pwilcox(0, n1, n2) <= 0.05 else sigma > 0 && (n1 * n2 / 2 - 0.5) / sigma >= qnorm(0.975)
    if (reachable) {
      ci <- attempt(wilcox.test(x, y, conf.int = TRUE, tol.root = 1e-14)$conf.int)
      if (!is.null(ci)) put(set, mw_low = ci[1], mw_high = ci[2])
    } else put(set, mw_low = NA, mw_high = NA)
    rb <- unname(2 * w$statistic / (n1 * n2) - 1); f <- fisher(rb, sqrt((n1 + n2 + 1) / (3 * n1 * n2)))
    put(set, mw_r = rb, mw_r_low = f[1], mw_r_high = f[2])
  }
}

# --- pairs, with a third and a fourth variable
pairs <- list()
make <- function(n, f, g, z = rnorm(n), u = rnorm(n)) { x <- f(n, z); list(x, g(n, x, z, u), z, u) }
pairs$volumes <- make(30, function(n, z) rnorm(n, 820, 90), function(n, x, z, u) x - 10 + rnorm(n, 0, 30))
pairs$inception <- make(30, function(n, z) rnorm(n, 0.82, 0.1), function(n, x, z, u) x + 0.14 + rnorm(n, 0, 0.07))
pairs$tiny <- list(c(1.1, 2.3, 2.9), c(1.0, 2.9, 3.8), c(3, 1, 2), c(1, 5, 2))
pairs$four <- list(c(1.5, 2.5, 4, 3), c(2, 1, 5, 4.5), c(1, 2, 4, 3), c(9, 1, 3, 2))
pairs$five <- make(5, function(n, z) rnorm(n), function(n, x, z, u) x + rnorm(n))
pairs$seven <- make(7, function(n, z) rnorm(n), function(n, x, z, u) -x + rnorm(n))
pairs$nine <- make(9, function(n, z) rnorm(n), function(n, x, z, u) 0.7 * x + rnorm(n))
pairs$ten <- make(10, function(n, z) rnorm(n), function(n, x, z, u) 0.7 * x + rnorm(n))
pairs$forty_nine <- make(49, function(n, z) rnorm(n), function(n, x, z, u) 0.2 * x + 0.5 * z + rnorm(n))
pairs$fifty <- make(50, function(n, z) rnorm(n), function(n, x, z, u) 0.2 * x + 0.5 * z + rnorm(n))
pairs$scores <- make(40, function(n, z) sample(20:48, n, TRUE), function(n, x, z, u) pmin(48, x + sample(-2:3, n, TRUE)))
pairs$tied <- make(25, function(n, z) round(rnorm(n, 5)), function(n, x, z, u) round(x + rnorm(n, 0.3)))
pairs$tenths <- make(30, function(n, z) round(rnorm(n, 5), 1), function(n, x, z, u) round(x + rnorm(n, 0.1, 0.2), 1))
pairs$skewed <- make(35, function(n, z) rlnorm(n), function(n, x, z, u) x * rlnorm(n, 0.1, 0.4))
pairs$missing <- { p <- make(28, function(n, z) rnorm(n, 3), function(n, x, z, u) x + rnorm(n)); p[[1]][c(2, 5)] <- NA; p[[2]][9] <- NA; p[[3]][11] <- NA; p }
pairs$duration <- make(46, function(n, z) rgamma(n, 1, 0.24), function(n, x, z, u) 818 + rnorm(n, 0, 73))
pairs$offset <- make(30, function(n, z) 1e6 + rnorm(n), function(n, x, z, u) x + rnorm(n, 0.2))
pairs$small_scale <- make(24, function(n, z) 1e-6 * rnorm(n), function(n, x, z, u) x + 1e-6 * rnorm(n, 0.3))
pairs$strong <- make(60, function(n, z) rnorm(n), function(n, x, z, u) x + 0.01 * rnorm(n))
pairs$negative <- make(33, function(n, z) rnorm(n), function(n, x, z, u) -0.8 * x + z + rnorm(n))
pairs$large <- make(200, function(n, z) rnorm(n, 0, 2), function(n, x, z, u) 0.1 * x + u + rnorm(n))
pairs$heavy <- make(40, function(n, z) rcauchy(n), function(n, x, z, u) 0.5 * x + rcauchy(n))
pairs$constant <- list(rep(3, 8), c(1, 2, 3, 4, 5, 6, 7, 9), 1:8 + c(0.5, 0), c(2, 1, 4, 3, 6, 5, 8, 7))
pairs$shifted <- list(1:9 / 2, 1:9 / 2 + 1, c(2, 1, 4, 3, 6, 5, 8, 7, 9), c(5, 4, 8, 1, 9, 2, 3, 7, 6))
pairs$equal <- list(c(1, 4, 2, 8, 5), c(1, 4, 2, 8, 5), c(2, 3, 1, 5, 4), c(1, 3, 2, 5, 5))
for (i in 1:5) pairs[[paste0("mixed", i)]] <- make(c(6, 12, 24, 46, 90)[i], function(n, z) rnorm(n, 50, 9) + z, function(n, x, z, u) 0.3 * x + 2 * z - u + rnorm(n, 0, 5))
for (name in names(pairs)) {
  set <- paste0("pair_", name); p <- pairs[[name]]
  for (i in 1:4) put_sample(set, c("x", "y", "z", "u")[i], p[[i]])
  ok <- complete.cases(p[[1]], p[[2]]); x <- p[[1]][ok]; y <- p[[2]][ok]; n <- length(x)
  t <- if (sd(x - y) < 1e-12 * max(abs(x))) NULL else attempt(t.test(x, y, paired = TRUE))
  if (is.null(t)) put(set, t_t = "error") else {
    s <- sd(x - y); tv <- unname(t$statistic)
    put(set, t_t = tv, t_df = t$parameter, t_p = t$p.value, t_estimate = mean(x - y), t_low = t$conf.int[1], t_high = t$conf.int[2], dz = mean(x - y) / s)
    # Beyond a noncentrality of 37.6 R's pt is an approximation to three digits.
    if (abs(tv) < 30) put(set, dz_low = ncp_t(tv, n - 1, 0.975) / sqrt(n), dz_high = ncp_t(tv, n - 1, 0.025) / sqrt(n))
  }
  # Rounded as the C rounds: the dust of binary fractions is no order.
  digits <- 13 - ceiling(log10(max(abs(c(x, y))))); d <- round(x - y, digits); m <- sum(d != 0)
  w <- if (m == 0) NULL else attempt(wilcox.test(d, conf.int = FALSE))
  if (is.null(w) || is.nan(w$p.value)) put(set, v_v = "error") else {
    e <- d[d != 0]; walsh <- outer(e, e, "+")[lower.tri(diag(m), TRUE)] / 2
    exact <- m < 50 && m == n && !any(duplicated(abs(e)))
    put(set, v_v = w$statistic, v_p = w$p.value, v_n = m, v_estimate = median(walsh))
    sigma <- sqrt(m * (m + 1) * (2 * m + 1) / 24 - sum(table(e)^3 - table(e)) / 48)
    reachable <- if (exact) 2 * psignrank(0, m) <= 0.05 else sigma > 0 && (m * (m + 1) / 4 - 0.5) / sigma >= qnorm(0.975)
    if (reachable) {
      ci <- suppressWarnings(wilcox.test(d, conf.int = TRUE, tol.root = 1e-14)$conf.int)
      # R widens alpha where its function cannot reach; then the two definitions differ.
      if (isTRUE(all.equal(attr(ci, "conf.level"), 0.95))) put(set, v_low = ci[1], v_high = ci[2])
    } else put(set, v_low = NA, v_high = NA)
    rb <- unname(4 * w$statistic / (m * (m + 1)) - 1); f <- fisher(rb, sqrt((2 * m^3 + 3 * m^2 + m) / 6) / (m * (m + 1) / 2))
    put(set, v_r = rb, v_r_low = f[1], v_r_high = f[2])
  }
  c1 <- if (sd(x) == 0 || sd(y) == 0) NULL else attempt(cor.test(x, y))
  if (is.null(c1)) put(set, r_r = "error", rho_rho = "error") else {
    if (abs(c1$estimate) < 1 - 1e-14) put(set, r_r = c1$estimate, r_t = c1$statistic, r_p = c1$p.value,
      r_low = if (n > 3) c1$conf.int[1] else NA, r_high = if (n > 3) c1$conf.int[2] else NA)
    c2 <- suppressWarnings(cor.test(x, y, method = "spearman")); rho <- unname(c2$estimate)
    f <- if (n > 3) fisher(rho, sqrt((1 + rho^2 / 2) / (n - 3))) else c(NA, NA)
    if (abs(rho) < 1 - 1e-12) put(set, rho_rho = rho, rho_s = c2$statistic,
      rho_p = if (c2$p.value > 0) c2$p.value else cor.test(x, y, method = "spearman", exact = FALSE)$p.value, # the series may end at 0
      rho_low = f[1], rho_high = f[2])
  }
  # partial, by the inverse of the correlation matrix
  ok <- complete.cases(p[[1]], p[[2]], p[[3]], p[[4]]); m <- cbind(p[[1]], p[[2]], p[[3]], p[[4]])[ok, ]; n <- nrow(m)
  for (k in 1:2) for (rank in 0:1) if (n >= k + 3) {
    v <- m[, 1:(2 + k)]; if (rank) v <- apply(v, 2, base::rank)
    inv <- if (any(apply(v, 2, sd) == 0)) NULL else attempt(solve(cor(v)))
    if (is.null(inv)) next
    r <- -inv[1, 2] / sqrt(inv[1, 1] * inv[2, 2]); df <- n - 2 - k
    if (abs(r) > 0.9999) next
    t <- r * sqrt(df / (1 - r^2)); f <- if (df > 1) fisher(r, 1 / sqrt(df - 1)) else c(NA, NA)
    q <- list(r, t, 2 * pt(-abs(t), df), f[1], f[2]); names(q) <- paste0("partial", k, rank, c("_r", "_t", "_p", "_low", "_high"))
    do.call(put, c(list(set), q))
  }
}

# --- several groups, with two covariates (age and a 0/1)
many <- list(
  equal3 = lapply(c(10, 10, 10), function(n) rnorm(n, 5)), shift3 = list(rnorm(12, 0), rnorm(12, 1), rnorm(12, 2)),
  seeds = list(rnorm(46, 818, 73), rnorm(107, 852, 77), rnorm(411, 823, 84)), tiny = list(c(1, 3), c(2, 5), c(9, 8)),
  five = lapply(1:5, function(i) rnorm(6 + i, i / 2)), two = list(rnorm(20), rnorm(25, 0.5)),
  tied = lapply(1:4, function(i) round(rnorm(15, 5 + i / 3))), heavily_tied = list(c(1, 1, 2, 2, 2), c(1, 2, 2, 3, 3, 3), c(2, 2, 3, 3)),
  skewed = lapply(1:3, function(i) rlnorm(20, i / 3)), very_skewed = lapply(1:3, function(i) rlnorm(15, 0, 2)),
  unbalanced = list(rnorm(3, 1), rnorm(80, 0), rnorm(15, 0.3)), unequal = list(rnorm(20, 0, 1), rnorm(20, 0, 5), rnorm(20, 1, 15)),
  offset = lapply(1:3, function(i) 1e6 + rnorm(15, i / 2)), small_scale = lapply(1:3, function(i) 1e-8 * rnorm(15, i / 2)),
  duration = list(rgamma(28, 2.5, 1.6), rgamma(18, 1.8, 0.23), rgamma(411, 1.15, 0.77)), scores = lapply(1:3, function(i) sample(20:48, 30, TRUE)),
  far = list(rnorm(8, 0), rnorm(8, 10), rnorm(8, 30)), missing = list(c(rnorm(10), NA), c(NA, rnorm(8, 1), NA), rnorm(9, 0.5)),
  eight = lapply(1:8, function(i) rnorm(7)), negative = lapply(1:3, function(i) -rexp(14, i)), large = lapply(1:3, function(i) rnorm(200, i / 20)),
  one_constant = list(rep(5, 6), rnorm(7, 5), rnorm(8, 6)), constant = list(rep(5, 4), rep(5, 5), rep(5, 6)), constant_apart = list(rep(1, 4), rep(2, 5), rep(3, 6)),
  outliers = list(c(rnorm(15), 20), c(rnorm(15), -30), rnorm(16)))
for (name in names(many)) {
  set <- paste0("many_", name); raw <- many[[name]]; k <- length(raw)
  put(set, k = k)
  groups <- lapply(raw, drop_na); y <- unlist(groups); g <- factor(rep(seq_len(k), lengths(groups))); n <- length(y)
  for (i in seq_len(k)) put_sample(set, paste0("g", i), raw[[i]])
  age <- round(rnorm(n, 60, 10) + as.integer(g), 1); sex <- rbinom(n, 1, 0.5); if (sd(sex) == 0) sex[1] <- 1 - sex[1]
  put_sample(set, "age", age); put_sample(set, "sex", sex)
  flat <- all(sapply(groups, function(v) var(v) == 0))
  f <- if (flat) NULL else anova(lm(y ~ g))
  if (is.null(f)) put(set, anova_f = "error") else {
    fv <- f[1, 4]; a <- f[1, 1]; b <- f[2, 1]
    lo <- ncp_f(fv, a, b, 0.975); hi <- ncp_f(fv, a, b, 0.025)
    put(set, anova_f = fv, anova_p = f[1, 5], anova_df1 = a, anova_df2 = b, eta = f[1, 2] / sum(f[, 2]), eta_low = lo / (lo + n), eta_high = hi / (hi + n))
    mse <- f[2, 3]; q95 <- uniroot(function(q) 0.05 - range_upper(q, k, b), c(1, 60), tol = 1e-12)$root
    for (i in 1:(k - 1)) for (j in (i + 1):k) {
      se <- sqrt(mse / 2 * (1 / length(groups[[i]]) + 1 / length(groups[[j]]))); e <- mean(groups[[i]]) - mean(groups[[j]])
      v <- list(e, range_upper(abs(e) / se, k, b), e - q95 * se, e + q95 * se)
      names(v) <- paste0("tukey_", i, "_", j, c("_estimate", "_p", "_low", "_high")); do.call(put, c(list(set), v))
    }
  }
  w <- if (any(sapply(groups, function(v) var(v) == 0))) NULL else oneway.test(y ~ g)
  if (is.null(w)) put(set, welch_f = "error") else put(set, welch_f = w$statistic, welch_df2 = w$parameter[2], welch_p = w$p.value)
  if (length(unique(y)) == 1) put(set, kw_h = "error") else {
    w <- kruskal.test(y, g); put(set, kw_h = w$statistic, kw_p = w$p.value, kw_effect = w$statistic / (n - 1))
    r <- rank(y); mr <- tapply(r, g, mean); t <- table(y); s <- n * (n + 1) / 12 - sum(t^3 - t) / (12 * (n - 1))
    for (i in 1:(k - 1)) for (j in (i + 1):k) {
      z <- (mr[[i]] - mr[[j]]) / sqrt(s * (1 / length(groups[[i]]) + 1 / length(groups[[j]])))
      v <- list(z, 2 * pnorm(-abs(z))); names(v) <- paste0("dunn_", i, "_", j, c("_z", "_p")); do.call(put, c(list(set), v))
    }
  }
  for (centre in c("levene", "brown")) {
    dist <- unlist(lapply(groups, function(v) abs(v - if (centre == "levene") mean(v) else median(v))))
    spread <- tapply(dist, g, function(v) diff(range(v)))
    if (max(spread) < 1e-12 * max(abs(dist), 1)) { v <- list("error"); names(v) <- paste0(centre, "_f") }
    else { f <- anova(lm(dist ~ g)); v <- list(f[1, 4], f[1, 5]); names(v) <- paste0(centre, c("_f", "_p")) }
    do.call(put, c(list(set), v))
  }
  if (!flat && n > k + 4) {
    fit <- lm(y ~ g + age + sex); f <- drop1(fit, test = "F")
    new <- data.frame(g = factor(seq_len(k)), age = mean(age), sex = mean(sex)); pr <- predict(fit, new, se.fit = TRUE, interval = "confidence")
    put(set, ancova_f = f["g", "F value"], ancova_p = f["g", "Pr(>F)"], ancova_age_f = f["age", "F value"], ancova_sex_p = f["sex", "Pr(>F)"])
    for (i in seq_len(k)) { v <- list(pr$fit[i, 1], pr$fit[i, 2], pr$fit[i, 3]); names(v) <- paste0("adjusted_", i, c("_mean", "_low", "_high")); do.call(put, c(list(set), v)) }
    for (i in 1:(k - 1)) for (j in (i + 1):k) {
      x <- model.matrix(~ g + age + sex, new); l <- x[i, ] - x[j, ]; e <- sum(l * coef(fit)); se <- sqrt(drop(t(l) %*% vcov(fit) %*% l))
      v <- list(e, 2 * pt(-abs(e / se), df.residual(fit))); names(v) <- paste0("adjusted_", i, "_", j, c("_estimate", "_p")); do.call(put, c(list(set), v))
    }
    if (n > 3 * k + 1 && min(table(g)) > 3) { s <- anova(fit, lm(y ~ g * (age + sex))); if (!is.na(s[2, 5]) && s[2, 3] == 2 * (k - 1)) put(set, slopes_f = s[2, 5], slopes_p = s[2, 6]) }
  }
}

# --- linear models
for (i in 1:22) {
  set <- sprintf("lm_%02d", i); k <- c(1, 2, 3, 4, 6)[(i - 1) %% 5 + 1]; n <- c(8, 12, 30, 60, 150)[(i * 3) %% 5 + 1] + k
  x <- matrix(rnorm(n * k), n); if (i %% 4 == 0) x <- 1e5 + x; if (i %% 4 == 1) x[, 1] <- rbinom(n, 1, 0.4) + 0; if (i %% 4 == 2 && k > 1) x[, 2] <- x[, 1] + 0.01 * x[, 2]
  if (sd(x[, 1]) == 0) x[1, 1] <- 1 - x[1, 1]
  y <- drop(x %*% rnorm(k)) + rnorm(n) * c(0.01, 1, 10)[i %% 3 + 1]; if (i == 7) y <- round(y)
  put(set, k = k); put_sample(set, "y", y); for (j in 1:k) put_sample(set, paste0("x", j), x[, j])
  # Centred for R: its own QR loses digits on columns around 1e5.
  xc <- scale(x, scale = FALSE); fit <- lm(y ~ xc); s <- summary(fit)
  put(set, r2 = s$r.squared, r2_adjusted = s$adj.r.squared, sigma = s$sigma, f = s$fstatistic[1], f_p = pf(s$fstatistic[1], k, n - k - 1, lower.tail = FALSE))
  ci <- confint(fit)
  for (j in 1:k) { v <- list(coef(s)[j + 1, 1], coef(s)[j + 1, 2], coef(s)[j + 1, 4], ci[j + 1, 1], ci[j + 1, 2]); names(v) <- paste0("b", j, c("", "_se", "_p", "_low", "_high")); do.call(put, c(list(set), v)) }
  at <- attr(xc, "scaled:center"); l <- c(1, -at); put(set, b0 = sum(l * coef(fit)), b0_se = sqrt(drop(t(l) %*% vcov(fit) %*% l)))
  new <- c(1, x[2, ] - at); m <- sum(new * coef(fit)); se <- sqrt(drop(t(new) %*% vcov(fit) %*% new)); q <- qt(0.975, n - k - 1)
  put(set, at2 = m, at2_low = m - q * se, at2_high = m + q * se, at2_plow = m - q * sqrt(se^2 + s$sigma^2))
}

# --- p.adjust
for (i in 1:22) {
  set <- sprintf("adjust_%02d", i); p <- runif(sample(1:20, 1))^sample(1:6, 1); if (i %% 3 == 0) p <- round(p, 1); if (i %% 5 == 0) p <- c(p, NA, p[1]); if (i == 21) p <- c(0, 1, 1e-300, 0.5)
  put_sample(set, "p", p)
  for (m in c("bonferroni", "holm", "BH")) put_sample(set, m, p.adjust(p, m))
}

# --- power
solve_power <- function(f, target, interval) uniroot(function(v) f(v) - target, interval, tol = 1e-14, extendInt = "yes")$root
for (i in 1:24) {
  set <- sprintf("power_%02d", i); kind <- c("two.sample", "one.sample", "paired")[i %% 3 + 1]; side <- c("two.sided", "one.sided")[i %% 2 + 1]
  delta <- c(34, 29, 88, 5, 20, 60)[i %% 6 + 1]; sd <- c(73, 84, 62, 15)[i %% 4 + 1]; alpha <- c(0.05, 0.01, 0.017)[i %% 3 + 1]; power <- c(0.8, 0.9, 0.95)[i %% 3 + 1]
  n <- c(6, 15, 46, 107, 25)[i %% 5 + 1]
  a <- power.t.test(n, delta, sd, alpha, NULL, kind, side); b <- power.t.test(NULL, delta, sd, alpha, power, kind, side, tol = 1e-13)
  d <- power.t.test(n, NULL, sd, alpha, power, kind, side, tol = 1e-13); s <- power.t.test(n, delta, sd, alpha, NULL, kind, "two.sided", strict = TRUE)
  put(set, kind = match(kind, c("two.sample", "one.sample", "paired")) - 1, one_sided = as.numeric(side == "one.sided"), delta = delta, sd = sd, alpha = alpha, target = power, n = n,
      power = a$power, solved_n = b$n, solved_delta = d$delta, strict = s$power)
  k <- c(3, 4, 5, 2)[i %% 4 + 1]; between <- c(1, 2, 0.5)[i %% 3 + 1]; within <- c(3, 8, 5, 12, 2)[i %% 5 + 1]
  pa <- function(n) { c <- qf(alpha, k - 1, (n - 1) * k, lower.tail = FALSE); 1 - pf_nc(c, k - 1, (n - 1) * k, (k - 1) * n * between / within) }
  put(set, groups = k, between = between, within = within, anova_power = pa(n))
  if (pa(2) < power) put(set, anova_n = solve_power(pa, power, c(2, 400)))
  # R's own, to its own accuracy
  put(set, anova_power_r = power.anova.test(k, n, between, within, alpha)$power)
}

# --- volumes by head size
for (i in 1:22) {
  set <- sprintf("icv_%02d", i); n <- c(4, 9, 20, 64, 150)[i %% 5 + 1]; icv <- rnorm(n, c(1.5e6, 1481, 1.2)[i %% 3 + 1], c(1.4e5, 150, 0.1)[i %% 3 + 1])
  v <- 800 * (icv / mean(icv))^runif(1, 0.2, 1.3) * rlnorm(n, 0, 0.08); control <- as.numeric(seq_len(n) %in% sample(n, max(3, n %/% 3))); if (i %% 4 == 0) v <- round(v); if (i %% 7 == 0) control[] <- 1
  put_sample(set, "volume", v); put_sample(set, "icv", icv); put_sample(set, "control", control)
  ok <- control == 1; m <- mean(icv[ok]); b <- coef(lm(v[ok] ~ I(icv[ok] - m)))[2]; e <- coef(lm(log(v[ok]) ~ log(icv[ok])))[2]
  put(set, mean = m, residual_slope = b, power_slope = e)
  put_sample(set, "ratio", v / icv * m); put_sample(set, "residual", v - b * (icv - m)); put_sample(set, "power", v * (m / icv)^e)
}

# --- counts
tables <- list(c(56, 56, 257, 175), c(26, 20, 53, 54), c(17, 11, 9, 9), c(3, 1, 2, 6), c(0, 5, 4, 3), c(5, 0, 1, 7), c(10, 10, 10, 10), c(1, 0, 0, 1), c(12, 7, 3, 30), c(100, 900, 150, 850),
  c(2, 3, 1, 30), c(250, 1, 240, 9), c(7, 2, 3, 3), c(8, 8, 8, 9), c(1, 40, 3, 40), c(33, 2, 30, 4), c(6, 6, 6, 6), c(0, 9, 0, 4), c(15, 14, 13, 12), c(4, 0, 0, 4), c(1000, 1010, 990, 1015), c(2, 2, 0, 7))
for (i in seq_along(tables)) {
  set <- sprintf("count_%02d", i); v <- tables[[i]]; put_sample(set, "counts", v); m <- matrix(v, 2, byrow = TRUE)
  ok <- all(rowSums(m) > 0) && all(colSums(m) > 0)
  if (!ok) { put(set, chi = "error"); next }
  x <- suppressWarnings(chisq.test(m)); y <- suppressWarnings(chisq.test(m, correct = FALSE)); put(set, chi = x$statistic, chi_p = x$p.value, v = sqrt(unname(y$statistic) / sum(m)))
  # R finds odds ratio and interval to 1e-4 or so: they are refined here by the same definition
  f <- fisher.test(m); k <- sum(m[1, ]); s <- max(0, k - sum(m[, 2])):min(k, sum(m[, 1])); q <- m[1, 1]
  weights <- function(l) { d <- dhyper(s, sum(m[, 1]), sum(m[, 2]), k, log = TRUE) + l * s; d <- exp(d - max(d)); d / sum(d) }
  solve_log <- function(g, near) exp(uniroot(g, log(near) + c(-1, 1), extendInt = "yes", tol = 1e-13)$root)
  e <- unname(f$estimate); lo <- f$conf.int[1]; hi <- f$conf.int[2]
  put(set, fisher_p = f$p.value, fisher_or = if (!is.finite(e)) NA else if (e == 0) 0 else solve_log(function(l) sum(weights(l) * s) - q, e),
      fisher_low = if (lo == 0) 0 else solve_log(function(l) sum(weights(l)[s >= q]) - 0.025, lo), fisher_high = if (!is.finite(hi)) NA else solve_log(function(l) sum(weights(l)[s <= q]) - 0.025, hi))
}
for (i in 1:8) {
  set <- sprintf("cross_%02d", i); m <- matrix(rpois(12, c(4, 15, 40)[i %% 3 + 1]) + (i == 4), 3); if (i == 5) m[2, ] <- 0
  put_sample(set, "counts", as.vector(t(m))); u <- m[rowSums(m) > 0, ]
  x <- suppressWarnings(chisq.test(u)); put(set, chi = x$statistic, chi_p = x$p.value, v = sqrt(unname(x$statistic) / sum(u) / (min(dim(u)) - 1)))
}

# --- distributions, also far out
i <- 0
for (df in c(1, 2.5, 4, 10, 29.7, 31, 100, 151, 1000, 1e5)) for (t in c(0.01, 0.7, 2, 5.5, 12, 37)) {
  i <- i + 1; set <- sprintf("dist_%03d", i)
  put(set, t = t, df = df, t_p = 2 * pt(-t, df), f_p = pf(t, 3, df, lower.tail = FALSE), chi_p = pchisq(5 * t, df, lower.tail = FALSE), t_q = qt(0.9 + t / 400, df),
      f_q = qf(0.9 + t / 400, 3, df), chi_q = qchisq(0.9 + t / 400, df), nct = pt(t, df, 1.5), nct_negative = pt(t, df, -2), ncf = pf_nc(t, 3, df, 4), tukey = if (df < 25000) range_upper(t, 4, max(df, 2)) else NULL)
}

write <- function(rows, header, path) writeLines(c(paste(header, collapse = "\t"), vapply(rows, paste, "", collapse = "\t")), path)
write(samples, c("set", "sample", "values"), "tests/stats/reference_samples.tsv")
write(results, c("set", "quantity", "value"), "tests/stats/reference_results.tsv")
cat(length(samples), "samples,", length(results), "results,", R.version.string, "\n")
