//! Which countries there are.

use comity_wire::words::Country;

use crate::fault::Fault;

/// ISO 3166-1 alpha-2, and `XK`, which the EU, banks and registries use for Kosovo.
/// Sorted.
const COUNTRIES: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Reads a country code, in letters of either case.
pub(crate) fn country(text: &str) -> Result<Country, Fault> {
    let upper = text.to_ascii_uppercase();
    let listed = COUNTRIES.split(' ').any(|known| known == upper);
    Country::new(&upper)
        .filter(|_| listed)
        .ok_or(Fault::Country)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_one_that_there_is() {
        for good in ["SE", "nl", "GB", "XK", "AD", "ZW"] {
            assert!(country(good).is_ok(), "{good}");
        }
        for bad in [
            "", "UK", "EU", "XX", "ZZ", "S", "SWE", "S1", "S E", "ÅX", "--",
        ] {
            assert_eq!(country(bad), Err(Fault::Country), "{bad}");
        }
        assert_eq!(COUNTRIES.split(' ').count(), 249 + 1);
        assert!(COUNTRIES.split(' ').is_sorted_by(|a, b| a < b));
    }
}
