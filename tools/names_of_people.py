"""Common given names of several languages, by which labels that are people's names are told.

Names that are also words for things (rose, daisy, basil, robin, mark, penny …) are left out: a label "rose" is a
flower. The list is short on purpose; a name that it lacks is missed.
"""

_NAMES = """
james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony donald steven
paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas eric
jonathan stephen larry justin scott brandon benjamin samuel gregory alexander patrick jack dennis jerry tyler aaron
jose adam nathan henry douglas zachary peter kyle noah ethan jeremy walter christian keith roger terry austin sean
gerald carl harold dylan arthur lawrence jordan jesse bryan bruce gabriel joe logan alan juan albert willie elijah
wayne randy vincent mason roy ralph bobby russell bradley philip eugene oliver liam lucas leo oscar hugo felix mary
patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley kimberly
emily donna michelle carol amanda melissa deborah stephanie rebecca sharon laura cynthia dorothy amy kathleen angela
shirley emma brenda pamela nicole anna samantha katherine christine helen debra rachel carolyn janet maria catherine
diane olivia julie joyce virginia kelly christina lauren joan evelyn judith andrea hannah megan cheryl jacqueline
martha madison teresa gloria sara janice ann kathryn abigail sophia frances jean alice judy isabella julia denise
danielle marilyn beverly charlotte natalie theresa diana brittany doris kayla alexis lori tom tim bob jim mike dave
dan sam ben max alex chris nick steve kate lucy sophie chloe ella zoe eva clara nora jan hans klaus juergen jürgen
wolfgang stefan andreas thorsten matthias sebastian lukas jonas florian tobias heinz karl otto fritz ursula monika
petra sabine renate helga heike anja katrin katja johanna greta ingrid pierre jacques michel philippe alain bernard
francois françois nicolas julien antoine louis marie jeanne francoise françoise isabelle sylvie camille claire chantal
margaux giovanni giuseppe antonio marco luca francesco alessandro matteo lorenzo giulia chiara francesca valentina
elena paola carlos luis miguel javier alejandro pedro pablo diego fernando manuel rafael sergio carmen lucia lucía ana
isabel pilar rosario joao joão tiago ines inês beatriz ivan dmitri dmitry sergei sergey vladimir alexei nikolai
mikhail igor oleg boris natasha olga tatiana svetlana irina ekaterina anastasia jakub tomasz piotr krzysztof andrzej
agnieszka katarzyna malgorzata zuzanna mohammed muhammad mohamed ahmed ali omar hassan hussein ibrahim yusuf mustafa
khalid fatima aisha maryam zainab layla leila samira mehmet emre ayse ayşe fatma raj rahul amit anil sanjay vijay
suresh ravi arjun priya anjali pooja sunita kavita deepika neha lakshmi wei ming jing yan hui xiu mei hiroshi takashi
kenji yuki haruto yui sakura hana akira min-jun ji-woo seo-yeon nguyen linh kwame kofi chidi amara zuri thabo
"""
GIVEN_NAMES = frozenset(_NAMES.split())
