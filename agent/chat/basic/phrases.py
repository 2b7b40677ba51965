"""The rules of the intents, as data (see ``rules``), in the order in which they are tried. Words without accents."""

_OBJECT = (
    "token|tokens|dataset|pixel|conjunto|client|clientid|secret|hottok|basic|account|conta|chave|chaves|credencial"
    "|credenciais|credentials|credential|webhook|codigo|api|id|key|keys|botao|button|app"
)
_VALUES = "token|secret|senha|chave|credencial|credenciais|hottok|password|key|credentials"
_GET = (
    "pego|pegar|pega|acho|achar|acha|encontro|encontrar|encontra|consigo|conseguir|gero|gerar|gera|crio|criar|cria"
    "|descubro|descobrir|copio|copiar|obtenho|obter|vejo|ver|find|get|create|generate|tiro|tirar|faco"
)

PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "ask_secret",
        (
            f"mostra|mostre|mostrar|repete|repita|lembra|revela|revele {_VALUES}",
            f"qual {_VALUES} mandei|passei|enviei|colei|guardado|salvo|guardou|salvou|era",
            f"show|repeat|remember|reveal|tell {_VALUES} !how !where",
            f"{_VALUES} what+is|what+was sent|gave|saved|pasted|stored",
            "show|mostra|mostre whole|inteiro|completo",
        ),
    ),
    (
        "ask_where",
        (
            f"onde|cade|where {_OBJECT} !paramos",
            f"como|how {_GET} {_OBJECT}",
            f"nao+sei|nao+acho|nao+achei|nao+encontro|nao+encontrei|nao+consigo|nao+consegui {_GET} {_OBJECT}",
            f"nao+sei|nao+acho|nao+achei|nao+encontro|nao+encontrei|nao+tenho|perdi {_OBJECT} !certo",
            f"can+not+find|do+not+know|do+not+have|i+lost|could+not+find {_OBJECT}",
            f"qual|em+que|which|que menu|tela|aba|screen|tab|lugar {_OBJECT}",
        ),
    ),
    ("ask_what", (f"que+e|what+is|o+que+seria|what+are {_OBJECT} !erro !error !errado !wrong",)),
    (
        "can_undo",
        (
            "da+para|posso|consigo|possivel|can+i|can+it|can+we|possible|depois|later desfazer|desfaz|desfaco|voltar"
            "|reverter|undo|undone|revert|reverted",
        ),
    ),
    (
        "ask_undo",
        (
            "desfaz|desfaca|desfazer|desfazendo|desfazo|desfeito|reverte|reverter|reverta|rollback|undo|revert",
            "volta|voltar|volte|go|roll atras|back !again",
            "remove|remover|remova|apaga|apagar|apague|tira|tirar|tire|desinstala|desinstalar|cancela|cancelar|cancele"
            " tudo|configuracao|integracao|todas",
            "remove|delete|cancel|take everything|all|configuration|integration|back",
            "como+era+antes|como+estava+antes|as+it+was|deixa+como+estava",
        ),
    ),
    (
        "ask_reject",
        (
            "nao aprovo|aprovar|aprova|aprove|autorizo|concordo",
            "recuso|recusar|recuse|rejeito|rejeitar|rejeite|rejeita|recusado",
            "nao+quero|nao+gostei|cancela|cancelar|descarta|descartar plano",
            "reject|decline|refuse|discard !accept",
            "do+not|not approve|agree",
        ),
    ),
    (
        "ask_test_sale",
        (
            "venda|compra|sale|purchase|vendas teste|test|simulada|simular|simulado|falsa|fake",
            "testar|testa|teste|test rastreamento|tracking|integracao|integration|configuracao|tudo"
            "|setup !codigo !code",
            "prova|proof repete|refaz|refazer|repetir|again|novo|manda|envia|run",
        ),
    ),
    (
        "ask_approve",
        (
            "aprov* !quem !onde",
            "approve|approved|approving",
            "autorizo|autorizado|autorizar|confirmo|confirmado|concordo|aceito !cookies !erro",
            "pode|manda aplicar|aplica|aplique|ver !plano !pagina !token !deu",
            "aplica|aplique|aplicar plano|configuracao|mudancas",
            "apply|accept|confirm plan|changes|it|configuration",
            "go+ahead|i+agree|looks+good|do+it",
        ),
    ),
    (
        "ask_why",
        (
            "=por+que|why|mas+por+que|but+why",
            "por+que|why erro|falhou|falha|deu|recusou|recusado|recusada|nao|aconteceu|isso|fail|failed|error|wrong"
            "|refused|not|vermelho|red|negou|assim !verificar",
            "deu+errado|deu+ruim|deu+erro|deu+pau|deu+problema|deu+zica|nao+deu+certo|nao+funcionou|nao+funciona"
            "|nao+rolou",
            "nao+entendi|nao+entendo|nao+compreendi|que+aconteceu|que+houve|que+significa|que+quer+dizer",
            "qual|que|which|what erro|error|problema|problem !sem",
            "explica|explique|explicar|explain|detalha|detalhe",
            "bugou|travou|falhou|quebrou",
            "what+happened|went+wrong|not+working|does+not+work|did+not+work|do+not+understand|not+clear",
        ),
    ),
    (
        "ask_price",
        (
            "quanto+custa|quanto+e|quanto+fica|quanto+sai|quanto+cobra|quanto+pago|quanto+paga|quanto+voces+cobram",
            "preco|precos|mensalidade|assinatura|gratis|gratuito|price|pricing|cobranca|reembolso|refund|nota+fiscal",
            "how+much|cost|costs|free|subscription !feel !page",
        ),
    ),
    (
        "ask_plan",
        (
            "plano|plan|planos !mais+barato",
            "monta|montar|monte|prepara|preparar|prepare|gera|gerar|faz|faca configuracao|config|proposta",
            "pode|vamos|bora configurar !hotmart !kiwify !como",
            "set up everything|it|now !tracking",
            "configure everything|it|now",
            "configura|configure tudo|agora|logo",
        ),
    ),
    (
        "choose_consent",
        (
            "opt+in|opt+out|optin|optout",
            "consentimento|consent|lgpd|gdpr|cookies|cookie !token !aparece !erro",
            "so|somente|apenas|only aceitou|aceitar|aceitaram|accepted|accept|agreed|consentiu|consentiram",
        ),
    ),
    (
        "complaint",
        (
            "absurdo|pessimo|pessima|horrivel|ridiculo|palhacada|procon|reclameaqui|lixo|merda|porra|caralho"
            "|advogado|golpe"
            "|vergonha|irritado|irritada|raiva|inutil|decepcionado|decepcionada|droga|porcaria|bosta",
            "reclame+aqui|nao+aguento|saco+cheio|anda+logo|perdendo+venda|perdendo+vendas|perdendo+dinheiro"
            "|cansei|que+demora",
            "reclamar|reclamacao|processar|enganado|enganada|enrolacao",
            "terrible|awful|ridiculous|scam|lawyer|angry|frustrated|frustrating|useless|horrible|unacceptable|sucks",
            "losing+money|losing+sales|fed+up|waste+of+time",
        ),
    ),
    (
        "ask_status",
        (
            "status|andamento|progresso|progress|situacao",
            "em+que+pe|como+esta|como+anda|como+ficou|como+vai|como+estamos|onde+paramos"
            "|where+are+we !tempo !voce !dia",
            "que+falta|falta+o+que|falta+muito|falta+mais|falta+alguma|falta+algo|faltando|ainda+falta|so+falta"
            "|falta+quanto",
            "deu+certo|deu+bom|funcionou|terminou|esta+pronto|ficou+pronto|acabou|concluiu|ja+foi"
            "|tudo+certo|esta+funcionando|ja+esta+configurado",
            "what+is missing|left|status|going",
            "how+is|how+far|done+yet|did+it+work|is+it+done|is+it+working|is+it+ready|all+set|finished|is+everything",
            "resumo|summary|ja+checou|verificou",
        ),
    ),
    (
        "off_topic",
        (
            "piada|receita|bolo|futebol|clima|previsao|poema|musica|presidente|signo|horoscopo|bitcoin|filme|novela"
            "|namorada|namorado|loteria",
            "joke|recipe|weather|song|poem|president|movie|horoscope|lottery",
            "quem|who ganhou|won jogo|game|copa|cup",
            "capital franca|brasil|france|brazil",
            "esqueca|ignore|ignora instrucoes|instructions|regras|rules",
        ),
    ),
    (
        "check_again",
        (
            "de+novo|novamente|outra+vez|mais+uma+vez|again|retry|once+more !nada",
            "verifica|verifique|verificar|confere|confira|conferir|checa|cheque|checar|check|valida|valide"
            "|validar|verify"
            "|validate",
            "tenta|tente|tentar|try|olha|olhe|testa|teste agora|isso|la|now|esse|essa|pagina|token|credenciais"
            "|page|gateway"
            "|meta",
            "ja|agora arrumei|corrigi|ajustei|consertei|publiquei|troquei|mudei|fixed|instalei|coloquei|marquei"
            "|atualizei"
            "|liberei|voltou",
            "arrumei|corrigi|ajustei|consertei|publiquei|instalei|marquei|liberei|i+fixed|i+changed|i+published"
            "|fixed+it",
        ),
    ),
    (
        "give_gateway",
        (
            "credencial|credenciais|credentials|credential|client|clientid|secret|hottok|gateway|checkout"
            "|plataforma|platform",
            "chave|chaves|keys|key api|hotmart|kiwify|aqui",
        ),
    ),
    (
        "give_meta",
        ("dataset|pixel|conjunto+de+dados", "token|tokens !hottok", "meta|facebook !pagina !site"),
    ),
    (
        "give_page",
        ("pagina|site|landing|landingpage|lp|link|url|page|website|endereco|dominio|domain !aqui+nao",),
    ),
    (
        "ask_help",
        (
            "ajuda|ajude|ajudar|help|socorro|auxilio|menu|opcoes|options|duvida|duvidas|perdido|perdida|confuso"
            "|confusa|lost"
            "|confused|stuck",
            "e+agora|proximo|proxima|next|what+now|now+what|and+now|que+eu+faco|que+faco|fazer+agora|que+devo"
            "|que+preciso"
            "|should+i+do|do+i+do|que+tenho+que|que+mais",
            "como|how funciona|comeco|comecar|comeca|work|works|start|usa|usar|configuro|configurar|faco",
            "por+onde|que+voce+faz|what+can+you|what+do+you|quem+e+voce|who+are+you|para+que+serve",
            "comecar|comeca|vamos+la|start|iniciar|continuar|continua|continue|seguir|segue|prosseguir|bora"
            "|partiu|begin",
            "pronto|feito|fiz|gerei|criei|copiei|done|ready|i+did|salvei|coloquei|guardei",
            "nao+sei|do+not+know|configurar|configure|integrar|rastrear|rastreamento|instalar|tracking|setup|set+up",
        ),
    ),
    (
        "no",
        (
            "=nao|nope|no|negativo|jamais",
            "agora+nao|nao+quero|ainda+nao|depois|deixa+para|not+now|later|no+thanks|nao+precisa",
        ),
    ),
    (
        "thanks",
        (
            "obrigado|obrigada|obrigadao|valeu|grato|grata|agradeco|thanks|thank|tmj|gratidao|show|top|perfeito"
            "|otimo|great|perfect",
        ),
    ),
    (
        "greeting",
        (
            "oi|ola|oie|oii|bom+dia|boa+tarde|boa+noite|e+ai|salve|opa|hello|hi|hey|good+morning|good+afternoon"
            "|good+evening|tudo+bem|tudo+bom|alo|fala",
        ),
    ),
    (
        "yes",
        (
            "sim|claro|ok|okay|beleza|certo|positivo|yes|yep|sure|yeah|uhum|aham|demorou|demoro|fechou|fechado"
            "|pode|isso|exato"
            "|correto|s|quero|manda|vamos|com+certeza|yup|of+course",
        ),
    ),
)
