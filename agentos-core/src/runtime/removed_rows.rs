//! What controls of a row keep goes when the row does.

use std::collections::HashMap;
use std::sync::Arc;

use super::app::App;
use super::program::ComponentIndex;
use super::rows::{Row, Rows, row_key, row_token};
use crate::spec::Path;
use crate::value::Value;

/// Where rows stand in the lists that were looked at, by their `each`, list and token; a list itself is there without a
/// token.
type Places = HashMap<String, usize>;

impl App {
    /// Takes out of the state what controls kept whose rows are in no list any more, and forgets what was told
    /// of nodes in them.
    pub(super) fn forget_removed_rows(&mut self) {
        let lists = &self.program.lists;
        if !self.touched().iter().any(|path| lists.contains(path.root())) {
            return;
        }
        let mut places = Places::new();
        let keys = self.store.root().keys();
        let kept: Vec<Arc<str>> = keys.filter(|key| key.contains('@')).cloned().collect();
        for key in kept {
            if self.is_of_removed_row(&key, &mut places)
                && let Ok(path) = Path::key(&key)
            {
                // It is there and no name that is worked out, so nothing refuses.
                let _ = self.store.remove(&path);
            }
        }
        for (id, said) in std::mem::take(&mut self.overrides) {
            if !self.is_of_removed_row(&id, &mut places) {
                *self.overrides.entry(id).or_default() = said;
            }
        }
    }

    /// Whether `id` is that of a node in a row its list has no more. Of a list that is not in the state nobody
    /// knows: it may be loading.
    fn is_of_removed_row(&self, id: &str, places: &mut Places) -> bool {
        let Some((component, tokens)) = id.split_once('@') else {
            return false;
        };
        let Some(component) = self.component(component) else {
            return false;
        };
        let components = &self.program.components;
        let mut eaches: Vec<ComponentIndex> =
            std::iter::successors(components[component].around, |each| components[*each].around).collect();
        eaches.reverse();
        let mut rows = Rows::default();
        for (index, token) in eaches.into_iter().zip(tokens.split('/')) {
            let Some(each) = &components[index].each else {
                return false;
            };
            let list = rows.locate(&each.list);
            let Some(Value::List(items)) = self.store.get(&list) else {
                return false;
            };
            let prefix = format!("{index} {list}#");
            if places.insert(prefix.clone(), 0).is_none() {
                let mut times: HashMap<String, usize> = HashMap::new();
                for (place, item) in items.iter().enumerate() {
                    let key = row_key(item, each.key.as_deref(), place);
                    let nth = times.entry(key.clone()).or_default();
                    *nth += 1;
                    places.insert(format!("{prefix}/{}", row_token(&key, *nth)), place);
                }
            }
            let Some(place) = places.get(&format!("{prefix}/{token}")) else {
                return true;
            };
            rows = rows.with(Row {
                name: each.name.clone(),
                list,
                index: *place,
                key: Arc::default(),
                nth: 1,
                repeated: each.repeated.clone(),
            });
        }
        false
    }
}
