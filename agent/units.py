"""Words of units in which people say what a mistake costs: money of the world, minutes and hours."""

import re

_WHOLE = (
    "euros? eur dollars? usd bucks? quid pounds? gbp francs? chf sfr lira try yen jpy yuan rmb cny rupees? inr rs "
    "krone krona kroner kronor kr sek nok dkk zloty zlotys pln forints? huf koruna czk pesos? mxn reais brl cad aud "
    "nzd sgd hkd rands? zar won krw baht thb ringgit myr roubles? rubles? rub hryvnias? uah dirhams? aed riyals? sar "
    "shekels? ils naira ngn shillings? kes cedis? dinars? lei ron leva lev dong soles points? units? "
    r"€ \$ £ ¥ ₹ ₩ ₽ ₺ ₪ ₦ ₴"
)
_HUNDREDTHS = "cents? cts? pence p penny pennies kopeks? öre groszy paise centavos? centimes? rappen ¢"
_MINUTES = {"seconds?": 1 / 60, "secs?": 1 / 60, "minutes?": 1.0, "mins?": 1.0, "hours?": 60.0, "hrs?": 60.0}

UNIT = "|".join([*_WHOLE.split(), *_HUNDREDTHS.split(), *_MINUTES])
IN_FRONT = r"us\$|[$€£¥₹₩₽₺₪₦₴]|(?:\b(?:eur|usd|gbp|chf|inr|rs\.?|cad|aud|jpy|cny|rmb|pln|sek|nok|dkk|czk|huf|brl|zar))"
TIME = re.compile("|".join(_MINUTES))
SPOKEN = (
    r"[$€£¥₹₩₽₺₪₦₴¢]|\b(?:euros?|eur|dollars?|usd|bucks|quid|pounds?|gbp|francs?|chf|lira|yen|rupees?|zloty|forints?|"
    r"pesos|roubles?|rubles?|shekels?|naira|cents?|pence|pennies|centimes|rappen)\b"
)
"""Units that speak of money even apart from a number."""
PERCENT = r"(?:%|per ?cent\b|pct\b|percents?\b)"

_FACTORS = [
    *((re.compile(word), 0.01) for word in _HUNDREDTHS.split()),
    *((re.compile(word), factor) for word, factor in _MINUTES.items()),
]


def factor(unit: str) -> float:
    """How many of its main unit (euros, minutes) a unit is.

    >>> factor("cents"), factor("euro"), factor("hours")
    (0.01, 1.0, 60.0)
    """
    return next((value for word, value in _FACTORS if word.fullmatch(unit)), 1.0)
