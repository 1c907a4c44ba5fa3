//! Scan scripts for sequential and progressive files: the content of each scan.

use super::picture::{Picture, Random};

/// One scan. A sequential one has `ss` 0, `se` 63, `ah` and `al` 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Indices of components, in the order of the frame header.
    pub components: Vec<usize>,
    /// First coefficient in zigzag order.
    pub ss: u8,
    /// Last coefficient.
    pub se: u8,
    /// Point transform of the scan that this one refines, or 0 for a first scan.
    pub ah: u8,
    /// Point transform: the lowest bit that this scan carries.
    pub al: u8,
}

impl Scan {
    /// A scan of a sequential file.
    pub fn sequential(components: &[usize]) -> Self {
        Self::new(components, (0, 63), (0, 0))
    }

    fn new(components: &[usize], (ss, se): (u8, u8), (ah, al): (u8, u8)) -> Self {
        Self { components: components.to_vec(), ss, se, ah, al }
    }
}

/// Sequential scans of as many components at once as an MCU of ten blocks allows.
pub fn together(picture: &Picture) -> Vec<Scan> {
    groups(picture, &all(picture)).iter().map(|group| Scan::sequential(group)).collect()
}

/// One sequential scan per component.
pub fn apart(picture: &Picture) -> Vec<Scan> {
    all(picture).into_iter().map(|component| Scan::sequential(&[component])).collect()
}

/// The first component alone, the others together.
pub fn first_apart(picture: &Picture) -> Vec<Scan> {
    let (first, others) = (Scan::sequential(&[0]), groups(picture, &all(picture)[1..]));
    std::iter::once(first).chain(others.iter().map(|group| Scan::sequential(group))).collect()
}

/// Random sequential scans in random order.
pub fn random_sequential(picture: &Picture, random: &mut Random) -> Vec<Scan> {
    let mut left = all(picture);
    let mut scans = Vec::new();
    while !left.is_empty() {
        let group = random_group(picture, &left, random);
        left.retain(|component| !group.contains(component));
        scans.push(Scan::sequential(&group));
    }
    scans
}

/// The script of libjpeg's `jpeg_simple_progression`, for YCbCr or for anything else.
pub fn libjpeg_progression(picture: &Picture) -> Vec<Scan> {
    let components = all(picture);
    let ac = |band, bits| components.iter().map(move |&c| Scan::new(&[c], band, bits)).collect::<Vec<_>>();
    let (first, refine) = (dc(picture, 0, 1), dc(picture, 1, 0));
    if components.len() == 3 {
        let some = [
            Scan::new(&[0], (1, 5), (0, 2)),
            Scan::new(&[2], (1, 63), (0, 1)),
            Scan::new(&[1], (1, 63), (0, 1)),
            Scan::new(&[0], (6, 63), (0, 2)),
            Scan::new(&[0], (1, 63), (2, 1)),
        ];
        let rest = [2, 1, 0].map(|c| Scan::new(&[c], (1, 63), (1, 0)));
        return [&first[..], &some, &refine, &rest].concat();
    }
    [first, ac((1, 5), (0, 2)), ac((6, 63), (0, 2)), ac((1, 63), (2, 1)), refine, ac((1, 63), (1, 0))]
        .concat()
}

/// Spectral selection only: DC, then AC in three bands.
pub fn spectral_progression(picture: &Picture) -> Vec<Scan> {
    let mut scans = dc(picture, 0, 0);
    for band in [(1, 5), (6, 20), (21, 63)] {
        scans.extend(all(picture).into_iter().map(|c| Scan::new(&[c], band, (0, 0))));
    }
    scans
}

/// Successive approximation only: all coefficients without their `al` lowest bits, then a bit at a time.
pub fn successive_progression(picture: &Picture, al: u8) -> Vec<Scan> {
    let ac = |bits| all(picture).into_iter().map(move |c| Scan::new(&[c], (1, 63), bits)).collect();
    let mut scans = [dc(picture, 0, al), ac((0, al))].concat();
    for al in (0..al).rev() {
        scans.extend([dc(picture, al + 1, al), ac((al + 1, al))].concat());
    }
    scans
}

/// Any script that G.1.1.1 allows: bands and bits in random order, DC of a component before its AC. Unless
/// `complete`, it may end early and leave out bits or whole bands.
pub fn random_progression(picture: &Picture, complete: bool, random: &mut Random) -> Vec<Scan> {
    // The lowest bit coded so far of each component's coefficients in zigzag order.
    let mut said: Vec<[Option<u8>; 64]> = vec![[None; 64]; picture.components.len()];
    let mut scans = Vec::new();
    loop {
        let unsaid = all(picture).into_iter().filter(|&c| said[c] != [Some(0); 64]).collect::<Vec<_>>();
        let begun = said.iter().all(|bits| bits[0].is_some());
        if unsaid.is_empty() || (!complete && begun && random.one_in(12)) {
            return scans;
        }
        let c = unsaid[random.below(unsaid.len())];
        let scan = if said[c][0].is_none() || (said[c][0] > Some(0) && random.one_in(4)) {
            let alike = unsaid.into_iter().filter(|&other| said[other][0] == said[c][0]).collect::<Vec<_>>();
            let (ah, al) = bits(said[c][0], random);
            Scan::new(&random_group(picture, &alike, random), (0, 0), (ah, al))
        } else if let Some((ss, se)) = random_band(&said[c], random) {
            Scan::new(&[c], (ss as u8, se as u8), bits(said[c][ss], random))
        } else {
            continue;
        };
        for &component in &scan.components {
            said[component][usize::from(scan.ss)..=usize::from(scan.se)].fill(Some(scan.al));
        }
        scans.push(scan);
    }
}

/// The bits of the next scan of coefficients that are coded down to bit `said`.
fn bits(said: Option<u8>, random: &mut Random) -> (u8, u8) {
    said.map_or_else(|| (0, random.below(4) as u8), |al| (al, al - 1))
}

/// A run of AC coefficients in the same state that are not coded completely.
fn random_band(said: &[Option<u8>; 64], random: &mut Random) -> Option<(usize, usize)> {
    let starts =
        (1..64).filter(|&k| said[k] != Some(0) && (k == 1 || said[k] != said[k - 1])).collect::<Vec<_>>();
    let ss = *starts.get(random.below(starts.len().max(1)))?;
    let end = (ss..64).take_while(|&k| said[k] == said[ss]).last()?;
    let se = if random.one_in(2) { end } else { ss + random.below(end - ss + 1) };
    Some((ss, se))
}

fn dc(picture: &Picture, ah: u8, al: u8) -> Vec<Scan> {
    groups(picture, &all(picture)).iter().map(|group| Scan::new(group, (0, 0), (ah, al))).collect()
}

fn all(picture: &Picture) -> Vec<usize> {
    (0..picture.components.len()).collect()
}

/// The components in as few groups as the limit of ten blocks an MCU allows (T.81 B.2.3).
fn groups(picture: &Picture, components: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &component in components {
        match groups.last_mut() {
            Some(group) if fits(picture, group, component) => group.push(component),
            _ => groups.push(vec![component]),
        }
    }
    groups
}

fn random_group(picture: &Picture, components: &[usize], random: &mut Random) -> Vec<usize> {
    let mut shuffled = components.to_vec();
    random.shuffle(&mut shuffled);
    let wanted = 1 + random.below(components.len());
    let mut group: Vec<usize> = Vec::new();
    for component in shuffled {
        if group.is_empty() || (group.len() < wanted && fits(picture, &group, component)) {
            group.push(component);
        }
    }
    group.sort_unstable();
    group
}

fn fits(picture: &Picture, group: &[usize], component: usize) -> bool {
    let blocks = |c: usize| u32::from(picture.components[c].h) * u32::from(picture.components[c].v);
    group.iter().map(|&c| blocks(c)).sum::<u32>() + blocks(component) <= 10
}
