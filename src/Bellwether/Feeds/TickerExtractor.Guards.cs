using System.Collections.Frozen;

namespace Bellwether.Feeds;

// Word lists that keep ordinary language from being taken for securities.
public sealed partial class TickerExtractor
{
    static FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(string words, bool ignoreCase = true) =>
        words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .ToFrozenSet(ignoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();

    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Currencies =
        Set("USD EUR GBP JPY CAD AUD CHF CNY NZD HKD INR MXN SGD RUB BRL KRW ZAR SEK NOK DKK");

    // Symbols that are words or abbreviations in their own right; upper case does not make them tickers.
    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> OrdinaryUpper = Set(
        """
        A AFL AI ALL ALLY AM AN AND ANY APP ARE ARM AS AT BA BB BE BIG BOX BUD BY CAKE CAN CAT CEG CEO CI CL COP CS CFO COO CPI CAVA DB DD
        DE DG DIA DISH DO DOW EA EL ELF ET ETF ETN EPS EU EV EW FAST FDA FED FIS FIT FIVE FL FOR FUN FB GD GDP GO GOLD GOOD HAS HE HER HES
        HUM ICE IN IP IPO IQ IT JACK KEY LC LEN LI LIN LOGI LOVE LOW LUV MA MAR MAT MET MO MON MOS MS MSCI NET NEW NOW OF OK ON ONE OPEN
        OR OUT PATH PENN PH PM POT PR PEP RACE RAD REAL RH RIG RIO RIOT RL RUN SAM SAP SAVE SE SEC SEE SHOP SIG SNAP SNOW SO SPOT STT STX
        TAP TD TEAM TV UK UL UN UP US USA USB USO VALE WAT WE WELL WEN WIN WM WU YOU
        """, ignoreCase: false);

    // Company names that are dictionary words; their legal form or a context must show that the company is meant.
    static readonly HashSet<string> OrdinaryNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "Alphabet", "Amazon", "Anthem", "Apple", "Baxter", "Celsius", "Chevron", "Eaton", "Guess?", "Kellogg", "Arm", "Block", "Box",
        "Buckle", "Carnival", "Caterpillar", "Chubb", "Coach", "Corning", "Deere", "Delta", "Express", "Ford", "Fox", "Gap", "Guess",
        "Hess", "Hilton", "Linde", "Marathon", "Match", "Meta", "Mosaic", "Oracle", "Paramount", "Progressive", "RH", "Shell", "Snap",
        "Square", "Target", "Travelers", "Unity", "Vale", "Visa", "Waters", "Whirlpool", "Zoom", "Lucid", "Bumble", "Chewy", "Lemonade",
        "Pandora", "Twitter", "Yahoo", "Sears", "Tiffany", "Tapestry", "Affirm", "Upstart", "Snowflake", "Workday", "Crocs", "Intel",
        "LinkedIn", "Reddit", "Nikola", "Fisker", "Peloton", "Hershey", "Capri",
    };

    // What is left of a name without its legal form where that says nothing: an index, a region, a trade.
    static readonly HashSet<string> NeverAlone = new(StringComparer.OrdinalIgnoreCase)
    {
        "American", "Advance", "Archer", "Ball", "Booking", "Church", "Clover", "Constellation", "Crown", "Dow", "General", "MSCI",
            "Nasdaq",
        "National", "News", "On", "Phillips", "Regions", "Republic", "Rocket", "Sea", "Simon", "Southern", "United", "Williams",
    };

    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Brokers =
        Set("GS MS JPM BAC C WFC CS DB UBS BCS HSBC BMO RY TD BNS KEY", ignoreCase: false);

    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> RatingActs = Set(
        """
        upgrades upgraded upgrade downgrades downgraded downgrade maintains maintained initiates initiated reiterates reiterated resumes
        resumed assumes reinstates reinstated retains reaffirms reaffirmed starts begins rates analyst analysts
        """);

    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> EstimateChanges =
        Set("raises raised lowers lowered cuts cut boosts boosted ups hikes hiked bumps trims trimmed sets adds removes");

    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> TargetWords =
        Set("PT PTs target targets estimate estimates rating ratings buy sell neutral overweight underweight conviction list");

    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> RatingWords = Set(
        """
        PT target upgraded upgrade upgrades downgraded downgrade downgrades rating rated initiated reiterated overweight underweight
        outperform underperform neutral buy sell hold coverage started
        """);

    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Determiners =
        Set("a an this that these those my your his her our their its each every any no some another same which what whose");

    // Before a company in running text: "shares of Apple", "sued by Visa", "at Target".
    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> CompanyPrepositions =
        Set("of at from with by for against between and than rival rivals maker giant retailer chipmaker automaker like versus vs over");

    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> BusinessVerbs = Set(
        """
        Inc Corp Corporation Company Co Ltd Plc Motor Motors Stores says said reports reported announces announced unveils unveiled
        launches launched beats misses missed raises raised cuts sues sued hires acquires acquired acquiring recalls recalled posts posted
        plans expects warns warned shares stock earnings upgraded downgraded surges surged soars soared jumps jumped tumbles tumbled
        plunges plunged rallies rallied slides slid slips slipped falls fell gains gained rises rose sinks sank climbs climbed drops
        dropped delays delayed agrees agreed wins loses files filed faces issues issued names named appoints reaffirms reiterates guides
        hits tops topped introduces
        """);

    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> MarketWords = Set(
        """
        shares share stock stocks earnings revenue revenues profit profits profitability eps Q1 Q2 Q3 Q4 1Q 2Q 3Q 4Q quarter quarterly
        guidance forecast analyst analysts upgrade upgrades upgraded downgrade downgrades downgraded dividend buyback repurchase CEO CFO
        investor investors shareholders Nasdaq NYSE S&P bullish bearish overweight underweight outperform underperform acquisition merger
        antitrust lawsuit deliveries layoffs subsidiary valuation ticker puts calls hedge stake initiates initiated reiterates maintains
        sector recall iPhone iPad chipmaker automaker retailer selloff premarket after-hours trading traders
        """);

    // Words before a name that give it another meaning.
    static readonly Dictionary<string, HashSet<string>> OtherBefore = Phrases(
        "Target:price,prices,pt,target,on,off,inflation,rate,near,above,below,missed,miss,hit,hits,raises,raised,lowers,lowered,cuts,"
        + "soft,key,profit,sales,growth,stop,upside,takeover,prime,moving",
        "Gap:price,wage,gender,output,funding,pay,bridge,up,down,the,budget,trade,opening,overnight,bull,bear,cumberland",
        "Apple:big,golden,green,red,candied,caramel,baked,fiona",
        "Amazon:brazilian,brazil's,peruvian,lower,upper",
        "Ford:harrison,doug,tom,henry,betty,gerald,rob,john,president,edsel,glenn,blasey,bill",
        "Visa:student,work,tourist,travel,h1b,h-1b,entry,golden,schengen,transit,business,visitor,immigrant",
        "Shell:egg,sea,bash,clam,tortoise,nut,bomb,artillery,corporate,empty",
        "Delta:river,mekong,nile,niger,mississippi,omicron,gamma,covid,covid-19,option,options",
        "Block:city,chopping,auction,building,road,trading,trade,opposition,stumbling,order",
        "Square:times,trafalgar,red,tiananmen,tahrir,madison,union,fair,back,per,world,leicester",
        "Meta:so,very,most",
        "Match:boxing,tennis,football,cricket,perfect,employer",
        "Coach:head,assistant,football,basketball,former,life,soccer,nfl,nba",
        "Oracle:blockchain,price,ancient",
        "Box:po,mail,in,text,black,check,dialog,drop,chat",
        "Express:american,orient,polar,pony,panda,midland",
        "Fox:fantastic,red,arctic,silver,megan,vivica",
        "Unity:national,christian,european,political,party,africa",
        "Yahoo:on,via,at",
        "Twitter:on,via,my,our,follow",
        "Reddit:on,via,r",
        "Intel:gathering,military,us,u.s,allied,russian,shared,british",
        "Alphabet:greek,cyrillic,latin,english,phonetic,soup",
        "Carnival:rio,notting,winter,street,school,brazilian",
        "Anthem:national,fan",
        "Chubb:bradley,nick",
        "Crocs:saltwater,wild",
        "Pandora:planet",
        "Arm:left,right,broken,upper,lower,strong,robotic",
        "Hilton:paris,perez,conrad,nicky",
        "Robinhood:modern");

    // Words after a name that give it another meaning.
    static readonly Dictionary<string, HashSet<string>> OtherAfter = Phrases(
        "Target:price,prices,date,dates,audience,range,of,to,for,at,from,market,markets,raised,lowered,cut,increased,rate,practice,hit,"
        + "zone,allocation,level,levels",
        "Gap:up,ups,down,downs,between,year,fill,filled,fills,in,higher,lower,analysis,open,and,closes,widens,narrows,widened,narrowed,"
        + "trading",
        "Apple:pie,pies,cider,juice,orchard,orchards,tree,trees,sauce,picking,valley,crumble,tart,hospitality,blossom,martini,fritter",
        "Amazon:river,rainforest,rain,forest,forests,jungle,basin,tribe,tribes,deforestation,fire,fires,warrior,warriors,women,region,"
        + "fund,reef",
        "Ford:foundation,theatre,theater,administration,county,presidency,madox,crossing",
        "Visa:application,applications,requirements,requirement,waiver,waivers,free,ban,bans,program,programs,rules,applicants,holders,"
        + "interview,restrictions,policy,delays,on,status",
        "Shell:company,companies,casing,script,shock,game,fish,out,corporation,corporations,collecting,of,command",
        "Delta:variant,variants,force,strain,hedging,hedge,neutral,wave,blues,surge,between,of,hedged",
        "Block:party,trade,trades,grant,size,chain,rewards,reward,deal,deals,the,of,on,listing",
        "Square:foot,feet,root,mile,miles,off,meters,metres,dance,garden,enix,inch",
        "Meta:analysis,analyses,data,description,tag,tags,materials,verse,financial",
        "Match:play,point,day,winner,fixing,made,of,the,group's",
        "Coach:class,of,for,john,mike,bill,k",
        "Oracle:of,bones,park,arena,team",
        "Box:office,set,score,plot,car,lunch,spread",
        "Express:entry,lane,lanes,train,delivery,written,yourself,scripts,concern,warrants",
        "Fox:news,business,hunting,sports,hunt",
        "Unity:government,day,party,talks,deal,in,of",
        "Yahoo:finance,answers,news,groups,mail,sports",
        "Twitter:account,handle,feed,followers,user,users,post,thread,spaces",
        "Reddit:thread,user,users,post,posts,forum,board,traders,community",
        "Intel:report,reports,agency,agencies,officials,chief,community,on,sharing,committee,brief,suggests",
        "Alphabet:soup,city,letters,song,block,blocks",
        "Carnival:games,parade,season,float,ride,rides,barker,celebrations,row",
        "Anthem:protest,singer",
        "Chubb:rock",
        "Crocs:in",
        "Pandora:papers,box",
        "Arm:wrestling,twisting,race,in,bone",
        "Hilton:head,garden",
        "Robinhood:foundation");

    static Dictionary<string, HashSet<string>> Phrases(params string[] entries) =>
        entries.Select(e => e.Split(':')).ToDictionary(
            e => e[0], e => e[1].Split(',').ToHashSet(StringComparer.OrdinalIgnoreCase), StringComparer.OrdinalIgnoreCase);
}
