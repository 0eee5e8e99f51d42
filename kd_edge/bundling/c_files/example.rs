// rustc -O example.rs -L . -l kd_edge && LD_LIBRARY_PATH=. ./example ITEM "A response."
use std::ffi::{c_char, c_double, c_int, c_void, CStr, CString};
#[repr(C)]
struct Score { expected: c_double, confidence: c_double, predicted: *const c_char, flag: *const c_char, probabilities: *const c_double, classes: usize }
unsafe extern "C" {
    fn kd_scorer_open(item: *const c_char) -> *mut c_void;
    fn kd_scorer_score(scorer: *mut c_void, text: *const c_char, bytes: usize, score: *mut Score) -> c_int;
}
fn main() {
    let (item, text) = (CString::new(std::env::args().nth(1).expect("an item")).unwrap(), std::env::args().nth(2).expect("a response"));
    let mut score = std::mem::MaybeUninit::<Score>::uninit();
    unsafe {
        let scorer = kd_scorer_open(item.as_ptr());
        assert!(!scorer.is_null(), "no such item");
        assert_eq!(kd_scorer_score(scorer, text.as_ptr().cast(), text.len(), score.as_mut_ptr()), 0);
        let score = score.assume_init();
        println!("{}\t{:.4}\t{:?}", CStr::from_ptr(score.predicted).to_str().unwrap(), score.expected, CStr::from_ptr(score.flag));
    }
}
