//! Exact decimals of any length.

use std::cmp::Ordering;

const BASE: u64 = 1_000_000_000;

/// A natural number: its digits to the base of a billion, the lowest first, none of them a leading zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Natural(Vec<u64>);

impl Natural {
    pub fn of(mut number: u128) -> Self {
        let mut digits = Vec::new();
        while number > 0 {
            digits.push(u64::try_from(number % u128::from(BASE)).unwrap());
            number /= u128::from(BASE);
        }
        Self(digits)
    }

    fn trimmed(mut digits: Vec<u64>) -> Self {
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Self(digits)
    }

    fn digit(&self, place: usize) -> u64 {
        self.0.get(place).copied().unwrap_or(0)
    }

    pub fn plus(&self, other: &Self) -> Self {
        let mut carry = 0;
        let digits = (0..=self.0.len().max(other.0.len())).map(|place| {
            let sum = self.digit(place) + other.digit(place) + carry;
            carry = sum / BASE;
            sum % BASE
        });
        Self::trimmed(digits.collect())
    }

    /// The difference to a number that is not larger.
    pub fn minus(&self, other: &Self) -> Self {
        assert!(*self >= *other, "a natural difference");
        let mut borrow = 0;
        let digits = (0..self.0.len()).map(|place| {
            let taken = other.digit(place) + borrow;
            borrow = u64::from(self.digit(place) < taken);
            self.digit(place) + borrow * BASE - taken
        });
        Self::trimmed(digits.collect())
    }

    pub fn times(&self, other: &Self) -> Self {
        let mut digits = vec![0; self.0.len() + other.0.len()];
        for (i, a) in self.0.iter().enumerate() {
            let mut carry = 0;
            for j in 0..=other.0.len() {
                if i + j < digits.len() {
                    let sum = digits[i + j] + a * other.digit(j) + carry;
                    digits[i + j] = sum % BASE;
                    carry = sum / BASE;
                }
            }
        }
        Self::trimmed(digits)
    }

    /// The largest number of at most 127 bits that passes a test which all smaller ones pass.
    fn largest(passes: impl Fn(&Self) -> bool) -> u128 {
        (0..127).rev().fold(0, |found, bit| {
            let next = found | 1 << bit;
            if passes(&Self::of(next)) { next } else { found }
        })
    }

    /// The quotient, rounded half up.
    pub fn over(&self, other: &Self) -> u128 {
        assert_ne!(*other, Self::default(), "division by nothing");
        let two = Self::of(2);
        let (part, whole) = (self.times(&two).plus(other), other.times(&two));
        Self::largest(|quotient| quotient.times(&whole) <= part)
    }

    /// The square root of the quotient, rounded half up.
    pub fn root_over(&self, other: &Self) -> u128 {
        assert_ne!(*other, Self::default(), "division by nothing");
        // A root r rounds up from where 2r is odd.
        let part = self.times(&Self::of(4));
        let twice = Self::largest(|root| root.times(root).times(other) <= part);
        twice.div_ceil(2)
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

/// A decimal that is not negative, with nine places for each of its steps.
#[derive(Debug, Clone, Default)]
pub struct Decimal {
    digits: Natural,
    steps: usize,
}

impl Decimal {
    /// Reads a decimal of at most nine places.
    pub fn read(text: &str) -> Self {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        assert!(part.len() <= 9, "nine places: {text}");
        Self { digits: Natural::of(format!("{whole}{part:0<9}").parse().unwrap()), steps: 1 }
    }

    pub fn whole(number: u64) -> Self {
        Self { digits: Natural::of(number.into()), steps: 0 }
    }

    /// The digits with so many steps, of which there are not fewer.
    fn with(&self, steps: usize) -> Natural {
        let unit = Natural::of(BASE.into());
        (self.steps..steps).fold(self.digits.clone(), |digits, _| digits.times(&unit))
    }

    pub fn plus(&self, other: &Self) -> Self {
        let steps = self.steps.max(other.steps);
        Self { digits: self.with(steps).plus(&other.with(steps)), steps }
    }

    /// The difference to one that is smaller; nothing, if it is not.
    pub fn minus(&self, other: &Self) -> Self {
        let steps = self.steps.max(other.steps);
        let (a, b) = (self.with(steps), other.with(steps));
        Self { digits: if a < b { Natural::default() } else { a.minus(&b) }, steps }
    }

    pub fn times(&self, other: &Self) -> Self {
        Self { digits: self.digits.times(&other.digits), steps: self.steps + other.steps }
    }

    pub fn power(&self, exponent: u32) -> Self {
        (0..exponent).fold(Self::whole(1), |power, _| power.times(self))
    }

    pub fn is_nothing(&self) -> bool {
        self.digits == Natural::default()
    }

    /// The quotient in billionths, rounded half up.
    pub fn over(&self, other: &Self) -> i128 {
        let steps = self.steps.max(other.steps);
        let quotient = self.with(steps).times(&Natural::of(BASE.into())).over(&other.with(steps));
        i128::try_from(quotient).unwrap()
    }

    /// The square root of the quotient in thousandths, rounded half up.
    pub fn root_over(&self, other: &Self) -> u64 {
        let steps = self.steps.max(other.steps);
        let quotient = self.with(steps).times(&Natural::of(1_000_000));
        u64::try_from(quotient.root_over(&other.with(steps))).unwrap()
    }
}

#[test]
fn naturals_are_as_long_as_it_takes() {
    let (a, b) = (u128::from(u64::MAX), 999_999_999_999_999_999_u128);
    let [x, y] = [a, b].map(Natural::of);
    assert_eq!(x.plus(&y), Natural::of(a + b));
    assert_eq!(x.minus(&y), Natural::of(a - b));
    assert_eq!(x.minus(&x), Natural::default());
    assert_eq!(x.times(&y), Natural::of(a * b));
    assert_eq!(x.times(&x).times(&y).over(&x.times(&y)), a);
    assert_eq!(x.times(&x).times(&y).root_over(&y), a);
    assert!(x > y && y > Natural::default());
}

#[test]
fn quotients_and_roots_are_rounded_half_up() {
    let over = |part, whole| Decimal::whole(part).over(&Decimal::whole(whole));
    let quotients = [(1, 3), (2, 3), (1, 1024), (1023, 1024), (1, 1), (0, 7)];
    let expected = [333_333_333, 666_666_667, 976_563, 999_023_438, 1_000_000_000, 0];
    assert_eq!(quotients.map(|(part, whole)| over(part, whole)), expected);
    let root = |text: &str| Decimal::read(text).root_over(&Decimal::whole(1));
    assert_eq!(["4", "2", "0.00390625", "0.000000249", "0"].map(root), [2_000, 1_414, 63, 0, 0]);
    assert_eq!(Decimal::read("0.00000025").root_over(&Decimal::whole(1)), 1);
    let power = Decimal::read("0.8").power(12).times(&Decimal::read("0.03"));
    assert_eq!(power.over(&Decimal::whole(1)), 2_061_584);
}
