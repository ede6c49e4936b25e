"""Cases of functions that xlparity computes itself: what Excel has, and formulas has not.

Each is Microsoft's by its page of the function, or is what LibreOffice and IronCalc, which share no code, both compute; where
only one of them does, the comment says why that one is right. They stand beside the cases of the families' own tests.
"""

from xlparity.excel.values import ErrorValue

DIV, NUM, VALUE = map(ErrorValue, ("#DIV/0!", "#NUM!", "#VALUE!"))

CELLS = {"A1": True, "A2": "x", "A3": 5, "A4": "5", "A6": 2.5, "B1": 1, "B2": 2, "B3": 3, "B4": 4, "B5": 5}
"""The cells of a sheet named O; Y1 of the formula's own sheet is blank."""

CASES = [
    # LibreOffice and IronCalc: operators and sums
    ("0^0", NUM),  # IronCalc, and Microsoft's page of POWER
    ('(+Y1)&"x"', "x"), ("INT(1E+20)", 1e20),
    ("SUM({10000000000000000,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,-10000000000000000})", 0),
    ("AVERAGE({10000000000000000,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,-10000000000000000})", 0),
    ('REPT("a",32767)&"b"', VALUE),  # Microsoft: a cell holds 32,767 characters
    # LibreOffice and IronCalc: conditions
    ('IFS(TRUE,Y1)&"x"', "x"), ('IFNA(Y1,7)&"x"', "x"), ('ISODD("x")', VALUE), ('ISEVEN("x")', VALUE),
    # LibreOffice and IronCalc: rounding
    ("CEILING(2.1,0.7)", 2.1), ("CEILING.MATH(-2)", -2), ("FLOOR.MATH(-5)", -5), ("ISO.CEILING(-4)", -4),
    ("FLOOR.PRECISE(-2)", -2), ("MROUND(3,6)", 6), ("ROUNDUP(133.92,1000)", 133.92), ("ROUNDDOWN(155.92,4)", 155.92),
    ("TRUNC(155.92,4)", 155.92), ("EVEN(1E+300)", 1e300),
    # LibreOffice and IronCalc: mathematics; of DECIMAL Microsoft's page, which has radixes from 2 to 36
    ("MDETERM({0.00000001,0;0,0.00000001})", 1e-16), ("INDEX(MINVERSE({10000000000,0;0,30000000000}),2,2)", 1 / 3e10),
    ("FACTDOUBLE(100)", 3.4243224702511973e79), ("DECIMAL(0,0.5)", NUM),
    # LibreOffice and IronCalc: statistics; PERMUT of a number below zero by Microsoft's page
    ("DEVSQ({0.1,0.1,0.1})", 0), ("VARP({0.1,0.1,0.1})", 0), ("STDEV({0.1,0.1,0.1})", 0), ("STDEVP({0.1,0.1,0.1})", 0),
    ("VARA(0.1,0.1,0.1)", 0), ("VARPA(0.1,0.1,0.1)", 0), ("STDEVA(0.1,0.1,0.1)", 0), ("STDEVPA(0.1,0.1,0.1)", 0),
    ("KURT({0.00001,0.00002,0.00003,0.00005})", 0.34285714285714164), ("SKEW({0.00001,0.00002,0.00004})", 0.9352195295828243),
    ("SKEW.P({0.00001,0.00002,0.00004})", 0.38180177416060596), ('MODE.SNGL({0,75.48;1,"5"},{1,9;9.5,7.2})', 1),
    ("PERCENTRANK.EXC({1,4,3,3,2,3,-5.2},3)", 0.5), ("PERCENTRANK({5;0;68.4;1;6.7;1},1)", 0.2),
    ("INDEX(FREQUENCY({1;2;9},{8.9;5}),1)", 0), ("RSQ({1,2,3},{4,4,4})", DIV), ("STEYX({1;2;4},{3;3;3})", DIV),
    ("PERMUTATIONA(6,60.11)", 4.887367798068926e46), ("PERMUT(0.5,-0.5)", NUM),
    # IronCalc, and Microsoft's page of FORECAST: #DIV/0! where the known x do not vary
    ("SLOPE({1,2,3},{0.1,0.1,0.1})", DIV), ("INTERCEPT({1,2,3},{0.1,0.1,0.1})", DIV),
    ("FORECAST(1,{1,2,3},{0.1,0.1,0.1})", DIV),
    # FIXED rounds, by its page, as ROUND does; LibreOffice and IronCalc, or IronCalc alone: the other texts
    ("FIXED(1.005,2)", "1.01"), ('CODE("é")', 233), ("CONCATENATE()", ""),
    ('TEXTJOIN("-",0.5,{"a","","b"})', "a-b"), ('TEXTBEFORE("b","1,234",TRUE)', VALUE), ('TEXTAFTER("a-b-c","-",-1.5)', "b-c"),
    ("ARRAYTOTEXT({0.0000000071,1})", "0.0000000071, 1"),
    # LibreOffice and IronCalc: criteria
    ('SUMIFS(O!B1:B5,O!A6:A10,"<>")', 1), ('AVERAGEIF(O!A3:A7,"<>",O!B1:B5)', 7 / 3), ('AVERAGEIFS(O!B1:B5,O!A3:A7,"<>")', 7 / 3),
    ('MAXIFS(O!B1:B5,O!A3:A7,"<>")', 4), ('MINIFS(O!B1:B5,O!A3:A7,"<>")', 1),
    # LibreOffice and IronCalc, or one that has them: lookups and arrays; HLOOKUP by Microsoft's page
    ("HLOOKUP(1,{1,2;3,4},0,FALSE)", VALUE), ('INDEX(UNIQUE({"a";"A";"b"}),2)', "b"), ('SORT({1;"x";3},1,1.5)', VALUE),
    ("INDEX(SORTBY({82;7;3},{4;4;6},-1,{10;3.7;0}),2,1)", 7), ("WRAPROWS({1,2;3,4},2)", VALUE), ("WRAPCOLS({1,2;3,4},2)", VALUE),
    # LibreOffice and IronCalc: number systems and bits; of hexadecimal numbers LibreOffice, and Microsoft's pages
    ("DEC2HEX(-1,1)", "FFFFFFFFFF"), ("BIN2OCT(1111111111,1)", "7777777777"), ("OCT2BIN(7777777000,1)", "1000000000"),
    ('HEX2BIN("FFFFFFFFFF",1)', "1111111111"), ('HEX2OCT("FFFFFFFF00",1)', "7777777400"), ("BITAND(281474976710655,1)", 1),
    ("BITOR(281474976710655,1)", 281474976710655), ("BITRSHIFT(281474976710655,1)", 140737488355327),
    ("DELTA(5,5.00000000000001)", 0),
    ('CONVERT(1,"N","pond")', 101.97162129779282),  # Microsoft's page of CONVERT has the unit
    # LibreOffice and IronCalc, or IronCalc alone; an I in upper case by Microsoft's pages
    ('IMREAL("1+2I")', NUM), ('IMAGINARY("1+2I")', NUM), ('IMABS("1+2I")', NUM), ('IMARGUMENT("-i")', -1.5707963267948966),
    ('IMCONJUGATE("0.1234567890123456i")', "-0.123456789012346i"), ('IMSUM("0.1i","0.2i")', "0.3i"),
    ('IMSUB("0.3","0.1")', "0.2"), ('IMPRODUCT("0.1","3")', "0.3"), ('IMDIV("i","-2.5")', "-0.4i"), ('IMPOWER("1.1",2)', "1.21"),
    ('IMEXP("3")', "20.0855369231877"), ('IMLN("3")', "1.09861228866811"), ('IMLOG10("2")', "0.301029995663981"),
    ("IMLOG2(5)", "2.32192809488736"), ('IMSQRT("3")', "1.73205080756888"), ('IMSIN("3")', "0.141120008059867"),
    ('IMCOS("4j")', "27.3082328360165"), ('IMTAN("1")', "1.5574077246549"), ('IMSINH("1")', "1.1752011936438"),
    ('IMCOSH("3")', "10.0676619957778"), ('IMSEC("1+2I")', NUM), ('IMCSC("1")', "1.18839510577812"), ('IMCOT("1+2I")', NUM),
    ('IMSECH("1+2I")', NUM), ('IMCSCH("1+2I")', NUM),
    # LibreOffice and IronCalc: finance; CUMIPMT IronCalc, since Excel rounds the first period up as it does in CUMPRINC
    ("RATE(7,1,-13.2,0.7,0.1)", -0.13487045240714862), ("PPMT(1,1,1,1,1,11)", -1.5),
    ("CUMIPMT(0.8,36,18000,2.7,9.667,1)", -55999.99877582599), ("DDB(4,5,7037,6)", 0), ("DOLLARFR(-2.5,1)", -2.5),
    ("TBILLPRICE(41941,41956,5.4308)", 77.37166666666667), ("PRICE(45147,46326,0,0.05,100,2)", 85.2768339844183),
    ("YIELD(39113,42279,0.4,62.74,1,2)", 0.6257943557746699),
    # IronCalc, and Microsoft's pages: a basis above 4, a fraction or a coupon below zero
    ("DOLLARDE(19.28,-0.32)", NUM), ("INTRATE(39468,43068,1,1000,5)", NUM), ("RECEIVED(39493,39583,1000000,0.0575,5)", NUM),
    ("DURATION(37575,40038,-3.75,3,4)", NUM), ("MDURATION(36247,38247,-2.5,1,4)", NUM),
    # LibreOffice: coupon dates are counted back from maturity, and one on the 29th is not moved for good by a February
    ("COUPDAYBS(40074,40511,4,0)", 19), ("COUPDAYS(39300,43341,2,1)", 182), ("COUPDAYSNC(44694,46629,2)", 107),
    ("COUPNCD(39369,43341,2)", 39507), ("COUPPCD(39369,43341,2)", 39323),
    # LibreOffice and IronCalc: dates; IronCalc, and Microsoft's pages, of what is no date
    ("YEARFRAC(45351,45716,1)", 0.9972677595628415), ("EOMONTH(46652,2958466)", NUM), ("ISOWEEKNUM(-1)", NUM),
]  # fmt: skip
