"""Words for the two mistakes of a threshold and for what is right: what people call a miss, and what a false alarm."""

from agent.phrases import NAME

_BAD = (
    rf"(?:bad|faulty|defective|defect|broken|rotten|cracked|mou?ldy|spoil(?:ed|t)|burnt|dud|damaged|poor|nok|scrap|"
    rf"{NAME})s?"
)
_GOOD = (
    r"(?:good|fine|sound|ok|okay|perfect(?:ly)?|healthy|innocent|intact|edible|sellable|saleable|decent|proper|"
    r"flawless|faultless|harmless|usable)\b"
)
_BIN = (
    r"(?:throw\w*|thrown|toss\w*|binn\w*|bins?|scrap\w*|reject\w*|discard\w*|chuck\w*|dump\w*|wast\w*|ditch\w*|"
    r"trash\w*|pull\w*|destroy\w*|remov\w*|sort\w* out|stop\w*|recheck\w*|block\w*|refus\w*|turn\w* away|kick\w* out|"
    r"accus\w*|sen(?:t|d|ds|ding) back|kill\w*|los(?:e|es|ing|t)|hold\w* back|held back|set\w* aside)"
)
_ARRIVE = (
    r"(?:ships?|shipp\w*|sold|sells?|selling|deliver\w*|reach\w*|arriv\w*|lands?|landed|landing|end\w* up|leav\w*|"
    r"(?:go|goes|going|get|gets|getting|come|comes|make|makes|making|is|are|being|walk\w*|find\w*)(?: it| its way)?"
    r" (?:out|to|into|in|on|at|inside)\b(?! (?:stock|the (?:bin|trash|end|sure)))|served|eaten|installed|accepted|"
    r"hits? the|passed|(?:in|into|inside|on|at) (?:the|a|an|my|our) (?!bin|trash|end|moment))"
)
_FALSELY = (
    r"(?:false|wrong|bogus|spurious|phantom|needless|unnecessary|unjustified|unwarranted|unneeded|pointless|mistaken|"
    r"erroneous)"
)
_CALL = (
    rf"(?:alarms?|positives?|rejects?|rejections?|rejected|calls?|called|hits?|stops?|flags?|flagged|detections?|"
    rf"warnings?|alerts?|beeps?|match(?:es)?|{NAME})"
)

MISS = (
    r"miss(?:es|ed|ing)?|false negatives?|fns?|fnr|type (?:ii|2)(?: errors?)?|"
    r"overlook\w*|undetected|unnoticed|undiscovered|unseen|"
    r"unspotted|uncaught|unflagged|unrecogni[sz]ed|escap\w*|outflow\w*|leak\w*|"
    r"(?:slip|sneak|creep|walk|sail)\w*(?: through| thru| past| by| out| into)?|"
    rf"(?:let|lets|letting|get|gets|getting|got|go|goes|going|pass|passes|come|comes|make|makes)"
    rf"(?: [\w{NAME}]+){{0,3}}? (?:through|thru|past|by us|out of the (?:door|house|factory|plant))|"
    r"lost|los(?:e|es|ing)(?! (?:me |us |about |around )?[\d$€£])|unfound|"
    r"(?:not|never|\w+n't|fail\w* to|without)(?: be| being)? (?:found|caught|detected?|spot(?:ted)?|see|seen|find|"
    r"catch|recogni[sz]e|notic\w+|pick\w* up)|false accepts?|"
    rf"let\w*(?: (?:[\w%‰/{NAME}-]|[.,](?=\d))+){{0,9}}? (?:through|thru|past|by us)|"
    rf"let\w*(?: [\w{NAME}]+){{0,3}}? (?:out|go|slip|escape)|"
    rf"(?<!lands as )(?<!sold as )(?<!comes as )(?<!goes as ){_BAD}(?: (?!(?:and|or|but|is|a)\b)\w+)?"
    rf"(?: (?:that|which|we|is|are|it|gets?|one|ones|part|parts))*"
    rf"(?: (?:that|which|we|they|i|it|is|are|gets?))* {_ARRIVE}|"
    rf"(?:ship|sell|deliver|accept|serv|pass|let)\w*(?: out)? (?:an? |one |1 |any |the )?{_BAD}|"
    rf"(?:taken|passed|sold|accepted|passes|passing|called)(?: \w+)? (?:for|as) {_GOOD}"
)
ALARM = (
    rf"{_FALSELY}(?: (?:\w+ )?{_CALL}| accus\w+)|"
    rf"(?:bad|duff|dodgy|botched|unfounded) (?:{NAME} )?(?:call|alarm|answer|hit|stop)s?|"
    rf"wrong(?:ly|fully) {_CALL}|false(?:ly)? {_CALL}|fps?|fpr|fdr|false discover\w+|type (?:i|1)(?: errors?)?|"
    rf"cr(?:y|ies|ying|ied) wolf|overkill|needless(?:ly)? \w+|unnecessar(?:y|ily) \w+|"
    rf"(?:{_CALL}|scrap\w*|reject\w*|bin\w*|thr\w+|pull\w*|stop\w*)(?: \w+){{0,3}}? (?:for|over) nothing|"
    rf"for nothing|in vain|for no (?:good )?reason|without (?:need|reason|cause)|pseudo[ -]?(?:rejects?|scrap)|"
    rf"invent(?:s|ed|ing)|hallucinat\w*|"
    rf"{_BIN}(?: (?!(?:and|or|but)\b)[\w{NAME}]+){{0,3}}? {_GOOD}\w*|"
    rf"{_GOOD}(?: (?!(?:and|or|but)\b)\w+){{0,3}}? {_BIN}|"
    rf"(?:something|anything|everything) (?:else|other)|"
    rf"(?:other|another|different|foreign) \w+(?: that)?(?: \w+)? (?:as|in)|"
    rf"(?:called|taken for|flagged|labell?ed|sold as)(?: an?)? {NAME} by mistake"
)
BINNED = rf"{_BIN}(?: (?!(?:and|or|but)\b)\w+){{0,2}}? {NAME}"
"""Throwing away one of a class, where nothing else is called a false alarm."""
WRONG = (
    rf"{ALARM}|wrong(?:ly)?|mistakes?|mistaken|incorrect(?:ly)?|errors?|false(?:ly)?|fake|bogus|rubbish|nonsense|duds?|"
    rf"(?:something|anything|everything) (?:else|other|different|but(?! \d))|unjustified|unfounded|erroneous|"
    rf"(?:be|being|are|is|turn\w* out)(?: to be)?(?: really| actually| in fact)? {_GOOD}|"
    rf"(?:not|\w+n't)(?: be| being| really| actually)* (?:an? )?(?:{NAME}|right|correct|real|genuine|true)"
)
RIGHT = (
    rf"right(?! now| away)|trust|believe|correct(?:ly)?|accurate|true(?![ -]positive)|reliable|trustworthy|justified|"
    rf"holds?(?: up| true)?|genuine|legit(?:imate)?|valid|spot[ -]on|for real|the real thing|warranted|"
    rf"be(?: really| actually| truly| indeed| true| real| genuine)* (?:an? )?{NAME}"
)
REALLY = r"really|actually|truly|indeed|in fact|real"
FOUND = (
    r"found|finds?|finding|catch(?:es|ing)?|caught|detect(?:s|ed|ing)?|recogni[sz](?:e|es|ed|ing)|"
    r"spot(?:s|ted|ting)?(?! on)|detection|pick(?:s|ed|ing)? (?:up|out)|"
    rf"discover(?:s|ed)?|flag(?:s|ged)?(?! (?:ones|things|parts|items|pictures|{NAME}))|"
    r"captur(?:e|es|ed|ing)|sees|seen|noticed|stopp(?:ed|ing)"
)
GOT = (
    r"of all(?! (?:the |its )?(?:cases|times|answers|calls|alarms|hits|those))|"
    r"(?:get(?:s|ting)?|got)(?! (?:\w+ )?(?:called|labell?ed|flagged|marked|named|told|right|wrong|correct))"
)
PRECISION = r"precision|precise|purity|ppv|positive predictive value|prec|p(?=\s?(?:>=|≥|>|=|of\b)\s?[\d.])"
RECALL = (
    r"recall|sensitivity|hit[ -]rate|detection rate|tpr|true[ -]positive rate|completeness|coverage|"
    r"r(?=\s?(?:>=|≥|>|=)\s?[\d.])"
)
SURE = r"sure|certain|confident|confidence"
