#!/usr/bin/env Rscript
# Makes tests/stats/normalise_people.tsv and normalise_expected.tsv: volumes with head size taken out, by R's lm.
# Run from the root of the source tree: Rscript tools/reference_normalise.R
n <- 24
i <- seq_len(n)
group <- ifelse(i %% 3 == 0, "ALS", "CON")
icv <- 1400000 + 30000 * ((i * 7) %% 13)
volume <- round(0.55e-3 * icv + 25 * (((i * 11) %% 17) - 8) - ifelse(group == "ALS", 60, 0), 1)
thalamus <- round(8e-3 * icv^0.98 + 150 * (((i * 5) %% 19) - 9), 1)
volume[5] <- NA
icv[7] <- NA
people <- data.frame(participant_id = sprintf("sub-%02d", i), group, icv, hypothalamus = volume, thalamus)
write.table(people, "tests/stats/normalise_people.tsv", sep = "\t", quote = FALSE, row.names = FALSE, na = "n/a")
expected <- NULL
for (value in c("hypothalamus", "thalamus")) for (who in c("CON", "everyone")) {
  v <- people[[value]]
  there <- !is.na(v) & !is.na(icv)
  control <- there & (who == "everyone" | group == "CON")
  mean_icv <- mean(icv[control])
  line <- coef(lm(v[control] ~ icv[control]))[2]
  power <- coef(lm(log(v[control]) ~ log(icv[control])))[2]
  results <- list(ratio = v / icv * mean_icv, residual = v - line * (icv - mean_icv), power = v * (mean_icv / icv)^power)
  for (how in names(results))
    expected <- rbind(expected, data.frame(value, controls = who, method = how, participant_id = people$participant_id,
                                           normalised = sprintf("%.12g", results[[how]])))
}
write.table(expected[expected$normalised != "NA", ], "tests/stats/normalise_expected.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
