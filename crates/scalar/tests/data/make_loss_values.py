"""High-precision values of the losses, for tests/values.rs. Needs mpmath; writes loss_values.csv beside it.

Each row: margin, then log of the value and log of the slope -l'(q) of the logistic loss, and the value
and slope themselves (0 where they are below the smallest normal double), computed with 60 digits.
"""

import pathlib

import mpmath as mp

mp.mp.dps = 60
rows = ["margin,value,log_value,slope,log_slope"]
margins = ["-1000", "-745.5", "-100.25", "-37.5", "-20", "-5", "-1", "-0.5", "-1e-3", "-1e-12", "0",
           "1e-12", "1e-3", "0.5", "1", "5", "20", "36.9", "37.1", "50", "100.25", "700", "745.5",
           "1000", "12345.678", "1e6"]
tiny = mp.mpf(2) ** -1022
for text in margins:
    q = mp.mpf(float(text))
    value = mp.log1p(mp.exp(-q))
    slope = 1 / (1 + mp.exp(q))
    numbers = [value if value > tiny else mp.mpf(0), mp.log(value),
               slope if slope > tiny else mp.mpf(0), mp.log(slope)]
    rows.append(",".join([text] + [mp.nstr(number, 25) for number in numbers]))
pathlib.Path(__file__).with_name("loss_values.csv").write_text("\n".join(rows) + "\n")
